"""Log files read and written: streams that are bounded and digested, Parquet by day, and SQL over it all."""
