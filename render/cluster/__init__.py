"""Draws clips and trains runs on the workers of a `dask.distributed` scheduler. No disk is shared with them.

    pip install -c constraints.txt -e '.[cluster]'      on every machine, in a clone of the same commit
    dask scheduler                                      on one of them; prints its address, such as tcp://host:8786
    dask worker tcp://host:8786 --nthreads 1            on each of them, once for every core that draws
    gradreel render --scheduler tcp://host:8786         on the owner's machine: it has the lesson and joins the video

Dask chooses the worker for each task, retries tasks elsewhere and moves the data. The protocol:

1. `client` sends each of the scene's files as a task that returns its bytes. The task's key is the digest of the
   content, so dask moves it once to each worker that needs it, and again if a worker dies. The files are the scene's
   modules, the files that ``asset("…")`` names, its traces and ``manim.cfg``. The owner chooses them; a worker cannot
   ask for a file.
2. A task draws one clip (`worker.draw`) or trains a group of runs (`worker.train`). It runs in a new process. The
   process ends if the task is cancelled, the owner disappears or the worker dies. A clip is drawn in a new folder,
   named by the digest of its inputs. Each file has its owner's path below that folder, so equal module names of two
   users never collide. If the worker has other versions or other code, the task fails before it draws.
3. A task returns a JSON text and a list of bytes, never one of our objects. Errors of a scene are returned like this
   too. `answers` has pydantic models of the texts. No returned name becomes a path: the owner names clips, pictures and
   the files of a trace. First it checks that a clip is a video with the right number of frames, and that a trace
   belongs to its run and has correct checksums.
4. The answer lists the files that the scene opened, with their digests. Each must have been sent and be unchanged on
   the owner's machine, or be missing there too. Otherwise the picture could differ, and an error names the file. So a
   clip has the same bytes as if the owner's machine had drawn it.

All data in transit is in memory: on the owner's machine, the scheduler and the worker. Manim's `Text` in a system font
needs that font on every worker. If a worker is killed, others draw its clips. Ctrl-C stops running tasks.

Security: every machine trusts every other. Dask can receive pickles, and a pickle runs code. That holds for tasks on
workers, graphs on the scheduler, and results, exceptions and events on the owner's machine
(`distributed.protocol.loads` has no switch for it). So anybody who can connect to the scheduler can run code on all its
machines and on the owner's. The checks here protect against faulty workers, not against malicious ones.
"""
