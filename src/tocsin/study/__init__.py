"""Campaigns: cases times seeds to rows in Parquet, and what the rows say once they are put together."""
