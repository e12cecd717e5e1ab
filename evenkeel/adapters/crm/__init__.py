"""The CRMs that tasks and notes are left in."""
