"""Documents and headers nobody would think of, against everything that reads what a registry sent."""
