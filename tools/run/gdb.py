# For gdb, on the kernel of a machine that `whittle run --gdb` started: whittle-threads and whittle-mappings.
# Reads the kernel's own structures by its DWARF; the machine must be stopped.
import gdb


def each(head, member, kind):
    """The objects of @kind on the ring @head, by their @member."""
    kind = gdb.lookup_type("struct " + kind)
    offset = next(f.bitpos // 8 for f in kind.fields() if f.name == member)
    node = head["next"]
    while node != head.address:
        yield (node.cast(gdb.lookup_type("char").pointer()) - offset).cast(kind.pointer()).dereference()
        node = node.dereference()["next"]


def processes():
    return each(gdb.lookup_static_symbol("process_table").value(), "table_node", "process")


class Threads(gdb.Command):
    """The program's threads: id, name, state, processor, where it left the program, where it waits in the kernel."""

    def __init__(self):
        super().__init__("whittle-threads", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        for p in processes():
            for t in each(p["threads"], "process_node", "thread"):
                state = str(t["state"].cast(gdb.lookup_type("enum thread_state"))).replace("THREAD_", "").lower()
                print("%5d  %-15s  %-7s  cpu %d  program at 0x%x, kernel stack at 0x%x" % (
                    int(t["tid"]), t["name"].string(errors="replace"), state, int(t["cpu"]),
                    int(t["frame"]["rip"]) if t["frame"] else 0, int(t["arch"]["kernel_sp"])))


class Mappings(gdb.Command):
    """The program's mappings, as /proc/self/maps has them, without the names of files."""

    def __init__(self):
        super().__init__("whittle-mappings", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        for p in processes():
            if not p["mm"]:
                continue
            print("process %d: %s" % (int(p["pid"]), p["executable"].string() if p["executable"] else "?"))
            at = p["mm"]["tree"]["first"]
            while at:
                prot, flags = int(at["prot"]), int(at["flags"])
                print("%012x-%012x %s%s%s%s %s" % (
                    int(at["start"]), int(at["end"]), "r" if prot & 1 else "-", "w" if prot & 2 else "-",
                    "x" if prot & 4 else "-", "s" if flags & 1 else "p", "file" if at["object"] else "anonymous"))
                at = at["next"]


Threads()
Mappings()
print("whittle-threads and whittle-mappings show what the program has.")
