"""The large proofs, a file for each: `prove(work)` gives what stands under `result` in its file in proofs/."""
