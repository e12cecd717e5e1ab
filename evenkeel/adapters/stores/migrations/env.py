"""Run the migrations on the connection, and in the transaction, of whoever asks."""

from alembic import context

from evenkeel.adapters.stores.records_schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
