"""The one path every model shares: candidates, calibration, choice, evaluation, prediction."""
