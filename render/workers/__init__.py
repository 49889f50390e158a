"""Runs tasks in worker processes: each task in a new process of its own.

A *worker* is a process that trains runs, plays a scene or draws a clip, and then ends. Its *parent* is the command's
process. On Linux, importing Manim takes longer than a short clip. So the command starts one *server*, a process that
imports Manim once and then waits. A worker that draws is a *fork* of the server: a copy that has Manim already. A
worker that only trains, and every worker on other systems, is a new Python process.

In reading order:

pool            `Workers` queues tasks and starts at most ``jobs`` workers at a time
worker_process  the worker's side: runs the task and sends messages; the parent's side: receives them
forks           starts the server, chooses between fork and new process, sets the workers' environment
progress        shows progress and messages to the user
training        trains runs in workers
groups          divides runs among workers
verifying       verifies traces in a worker

Two modules beside this package belong to the server: ``render/preloaded.py`` is its start-up module, and
``render/deferred.py`` imports Manim without the parts that scenes seldom use.
"""
