"""Worker processes: tasks handed out, runs trained, how far each is.

pool            at most so many processes at a time, one for each task
forks           how a process comes to be
worker_process  what it does, and what its parent hears of it
training        runs trained
verifying       traces verified
groups          which of them side by side, and by which worker
progress        what the user is told
"""
