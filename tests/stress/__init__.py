"""The long tests: runs that are killed, and files that are damaged, by the thousand."""
