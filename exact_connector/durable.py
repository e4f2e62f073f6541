"""What must survive a crash of the database, however it is tuned."""

# A database tuned for speed (synchronous_commit off) reports a commit before it is on disk, and loses it in a crash.
# Of a claim, the document would then be sent once more without a look-up; of a token, the access would be lost.
COMMIT_TO_DISK = (
    "SELECT set_config('synchronous_commit', 'on', true)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)
