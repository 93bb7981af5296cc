"""PostgreSQL: the embedded server, pools, the unit of work, the table base and migrations."""
