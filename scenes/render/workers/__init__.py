"""Worker processes, here and on a cluster: tasks handed out, runs trained, how far each is."""
