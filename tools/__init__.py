"""What is run beside the package and not shipped with it: proofs, charts, measuring programs."""
