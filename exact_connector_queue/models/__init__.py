from . import exact_connection, exact_exchange, queue_job, queue_job_channel
