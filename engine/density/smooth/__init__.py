"""p(x) as a smooth density on a ball: an exponential family fitted by penalised likelihood."""
