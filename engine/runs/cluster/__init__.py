"""Runs on more than one machine, through Dask.

`executor` is the executor; `task` is what a worker does for a run; `configuration` says what a
cluster of our own is like, and `head` keeps one. Dask is an extra: nothing outside this package
imports it.
"""
