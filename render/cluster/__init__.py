"""Clips drawn, and runs trained, by the workers of a `dask.distributed` scheduler, which share no disk with us.

    pip install -c constraints.txt -e '.[cluster]'      on every machine, in a clone of the same commit
    dask scheduler                                      on one of them; prints its address, such as tcp://host:8786
    dask worker tcp://host:8786 --nthreads 1            on each of them, once for every core that is to draw
    gradreel render --scheduler tcp://host:8786         where the lesson is; the video is joined here

What runs where, what is tried again elsewhere and how data gets from machine to machine is dask's affair. The protocol:

1. `client` sends each file that a scene is made of as a task that returns its bytes, under the digest of its content:
   dask moves it to each worker that needs it, once, and has it again should a worker die. These files are the scene's
   modules, those that ``asset("…")`` names, its traces and ``manim.cfg``. They are chosen here; no worker can ask for
   one.
2. One task is one clip (`worker.draw`), or runs trained side by side (`worker.train`), and done by a process of its
   own, which ends when the task is taken back, when its owner is gone and when the worker dies. A clip is drawn in a
   folder of its own, named by the digest of what it is made of, in which every file stands under its path at its
   owner's: modules of two users that have the same names never meet. Other versions or other code there than here is
   an error before anything is drawn.
3. A task returns a JSON text and a list of bytes, never an object of ours, and what goes wrong in a scene is such an
   answer, too. `answers` has pydantic models of these texts. No name that comes back becomes a path: clips, pictures
   and files of a trace have the names that they were to have here. That a clip is a video of so many frames and a trace
   that of its run, with its checksums, is looked at before they get these names.
4. The answer says which files the scene opened and what was in them. Each must be one that was sent and be unchanged
   here; or be missing here, too. Else the picture might be another than here, and that is an error naming the file. So
   a clip has the bytes that it would have if it were drawn here.

What is sent and comes back is in memory on its way, here, on the scheduler and on a worker. Manim's `Text` in a font of
the system needs that font on every worker. A killed worker's clips are drawn by others; Ctrl-C ends what is at work.

What is trusted nevertheless: everybody. Dask reads what it receives as its sender tells it to, and one way is pickle,
which runs code: tasks on the workers, graphs on the scheduler, and on the asking machine results, exceptions, events
and any other message (`distributed.protocol.loads` has no switch for it). Whoever can connect to the scheduler can run
code on all of its machines and on ours. What is checked here guards against workers that are wrong, not bad.
"""
