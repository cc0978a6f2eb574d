"""The ``potential`` estimator: a curl-free field whose mass density is not negative."""
