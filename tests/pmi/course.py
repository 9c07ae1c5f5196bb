# SPDX-License-Identifier: BSD-3-Clause
"""course.py SCENE [FILE]: what a course of mpi4py plays, each rank of it; it ends with 0, or with an assertion."""

import sys

from mpi4py import MPI

world = MPI.COMM_WORLD
rank, size = world.rank, world.size


def hello():
    names = world.gather(MPI.Get_processor_name())
    if rank == 0:
        assert len(names) == size and MPI.Get_library_version().startswith("Open MPI"), names
        print("size", size)


def collectives():
    assert world.bcast({"a": [1, 2.5]} if rank == 0 else None) == {"a": [1, 2.5]}
    assert world.scatter([i * i for i in range(size)] if rank == 0 else None) == rank * rank
    assert world.allreduce(rank) == size * (size - 1) // 2
    assert world.alltoall([f"{rank}>{i}" for i in range(size)]) == [f"{i}>{rank}" for i in range(size)]
    long = bytearray(bytes([rank]) * 300000)
    got = bytearray(len(long))
    world.Sendrecv(long, (rank + 1) % size, recvbuf=got, source=(rank - 1) % size)
    assert got == bytes([(rank - 1) % size]) * len(long)
    odd = world.Split(rank % 2, rank)
    assert odd.allreduce(1) == (size + 1 - rank % 2) // 2
    odd.Free()


def windows():
    """Each writes its number into its successor's memory, and adds to the first one's. Debian's Open MPI has windows of
    several ranks of a node alone."""
    memory = bytearray(16)
    win = MPI.Win.Create(memory, 1, comm=world)
    win.Fence()
    win.Put(bytearray([rank + 1]), (rank + 1) % size)
    win.Fence()
    assert memory[0] == (rank - 1) % size + 1, memory
    win.Lock(0)
    win.Accumulate(bytearray([1]), 0, 8, MPI.SUM)
    win.Unlock(0)
    world.Barrier()
    assert rank or memory[8] == size, memory
    win.Free()


def files():
    f = MPI.File.Open(world, sys.argv[2], MPI.MODE_CREATE | MPI.MODE_RDWR)
    f.Write_at_all(rank * 10, bytearray(b"rank %04d\n" % rank))
    f.Sync()
    world.Barrier()
    got = bytearray(10 * size)
    f.Read_at_all(0, got)
    f.Close()
    assert got == b"".join(b"rank %04d\n" % i for i in range(size)), got


def spawn():
    parent = MPI.Comm.Get_parent()
    child = parent != MPI.COMM_NULL
    inter = parent if child else world.Spawn(sys.executable, [__file__, "spawn"], maxprocs=2)
    everybody = inter.Merge(child)
    assert everybody.allreduce(1) == size + inter.remote_size
    everybody.Free()
    inter.Disconnect()


def names():
    """The odd ones find the even ones by a name."""
    half = world.Split(rank % 2, rank)
    port = MPI.Open_port() if rank == 0 else None
    if rank == 0:
        MPI.Publish_name("course", port)
    world.Barrier()
    if rank % 2 == 0:
        inter = half.Accept(port if rank == 0 else "")
    else:
        inter = half.Connect(MPI.Lookup_name("course") if rank == 1 else "")
    assert inter.remote_size == (size + rank % 2) // 2 and inter.allreduce(rank % 2) == inter.remote_size * (1 - rank % 2)
    inter.Disconnect()
    half.Free()
    if rank == 0:
        MPI.Unpublish_name("course", port)
        MPI.Close_port(port)


for scene in sys.argv[1].split(","):
    globals()[scene]()
