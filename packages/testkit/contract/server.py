"""The existing daemon as clients see it, of either generation, in memory: what wire-level behaviour it has, and no more.

Prints its port, and a line of JSON for each create and stop that it is asked for, and for what a console was told in all. Every VM's console echoes; a "Q" typed
into it powers the VM off, which is the only thing that a stop without a limit waits for."""

import importlib
import json
import queue
import sys
import threading
import time
import uuid
from concurrent import futures

import grpc
from google.protobuf.json_format import MessageToDict

pb2 = importlib.import_module("mvirt_pb2")
stubs = importlib.import_module("mvirt_pb2_grpc")
later = hasattr(pb2, "BOOT_MODE_DISK")


class Service(stubs.VmServiceServicer):
    """Methods that are not here are UNIMPLEMENTED, as they are there: hot-plug, and in the first release WatchVms."""

    def __init__(self):
        self.vms = {}
        self.runs = {}
        self.watchers = []

    def named(self, id, context):
        if id not in self.vms:
            context.abort(grpc.StatusCode.NOT_FOUND, f"VM {id} not found")
        return self.vms[id]

    def tell(self, type, vm):
        if later:
            for watcher in self.watchers:
                watcher.put(pb2.VmEvent(vm_id=vm.id, type=type, timestamp=int(time.time()), vm=vm))

    def CreateVm(self, request, context):
        heard("CreateVm", request)
        if not request.HasField("config"):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "config is required")
        # The latest one takes an absent boot mode for DISK, and refuses what has none.
        if later and request.config.boot_mode != pb2.BOOT_MODE_KERNEL and not request.config.disks:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "disk boot requires at least one disk")
        id = request.id if later and request.HasField("id") else str(uuid.uuid4())
        vm = pb2.Vm(id=id, state=pb2.VM_STATE_STOPPED, config=request.config, created_at=int(time.time()))
        if request.HasField("name"):
            vm.name = request.name
        self.vms[id] = vm
        self.tell(pb2.VM_EVENT_CREATED, vm)
        return vm

    def GetVm(self, request, context):
        return self.named(request.id, context)

    def ListVms(self, request, context):
        return pb2.ListVmsResponse(vms=sorted(self.vms.values(), key=lambda vm: -vm.created_at))

    def DeleteVm(self, request, context):
        vm = self.named(request.id, context)
        if vm.state != pb2.VM_STATE_STOPPED:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "VM is running")
        del self.vms[request.id]
        self.tell(pb2.VM_EVENT_DELETED, vm)
        return pb2.DeleteVmResponse()

    def StartVm(self, request, context):
        vm = self.named(request.id, context)
        if vm.state != pb2.VM_STATE_STOPPED:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "VM is already running")
        if vm.name == "broken":
            context.abort(grpc.StatusCode.INTERNAL, "Failed to start VM: no such kernel")
        self.runs[vm.id] = threading.Event()
        vm.state = pb2.VM_STATE_RUNNING
        vm.started_at = int(time.time())
        self.tell(pb2.VM_EVENT_STARTED, vm)
        return vm

    def off(self, vm):
        self.runs[vm.id].set()
        vm.state = pb2.VM_STATE_STOPPED
        self.tell(pb2.VM_EVENT_STOPPED, vm)
        return vm

    def StopVm(self, request, context):
        heard("StopVm", request)
        vm = self.named(request.id, context)
        if vm.state != pb2.VM_STATE_RUNNING:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "VM is not running")
        if request.timeout_seconds == 0:
            self.runs[vm.id].wait()
            return vm
        return self.off(vm)

    def KillVm(self, request, context):
        vm = self.named(request.id, context)
        if vm.state not in (pb2.VM_STATE_RUNNING, pb2.VM_STATE_STOPPING):
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "VM is not running")
        return self.off(vm)

    def Console(self, requests, context):
        first = next(requests)
        if not first.vm_id:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "vm_id is required in the first message")
        vm = self.named(first.vm_id, context)
        if vm.state != pb2.VM_STATE_RUNNING:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "VM is not running")
        run = self.runs[vm.id]
        output = queue.Queue()
        context.add_callback(lambda: output.put(None))

        def take():
            typed = [first.data]
            try:
                output.put(first.data)
                for message in requests:
                    typed.append(message.data)
                    output.put(message.data)
                    if b"Q" in message.data:
                        self.off(vm)
            except grpc.RpcError:
                pass  # the client has gone
            heard("Console", pb2.ConsoleInput(vm_id=vm.id, data=b"".join(typed)))

        threading.Thread(target=take, daemon=True).start()
        threading.Thread(target=lambda: (run.wait(), output.put(None)), daemon=True).start()
        yield pb2.ConsoleOutput(data=b"attached\r\n")
        while (data := output.get()) is not None:
            if data:
                yield pb2.ConsoleOutput(data=data)

    if later:

        def WatchVms(self, request, context):
            events = queue.Queue()
            self.watchers.append(events)
            context.add_callback(lambda: events.put(None))
            context.send_initial_metadata(())
            while (event := events.get()) is not None:
                if not request.HasField("vm_id") or request.vm_id == event.vm_id:
                    yield event

        def GetVersion(self, request, context):
            return pb2.VersionInfo(version="0.9.9")


def heard(method, request):
    print(json.dumps({"method": method, "request": MessageToDict(request, preserving_proto_field_name=True, use_integers_for_enums=True)}), flush=True)


server = grpc.server(futures.ThreadPoolExecutor(max_workers=32))
stubs.add_VmServiceServicer_to_server(Service(), server)
port = server.add_insecure_port("[::1]:0")
server.start()
print(json.dumps({"port": port}), flush=True)
sys.stdin.read()
server.stop(None)
