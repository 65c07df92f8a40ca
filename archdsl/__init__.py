"""archdsl: a neural network, written once, is code, training, figure and page."""
