"""What the generated project is measured against, mounted into its own image."""
