"""What the template costs, measured side by side in one run: `make bench`. Each part runs alone too."""
