"""A client of VmService that is told what to do by a line of JSON each, and answers in lines of JSON.

It knows the contract by stubs that were generated from a test's own proto text, and nothing of mvirt."""

import importlib
import json
import queue
import sys
import threading

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict

pb2 = importlib.import_module("mvirt_pb2")
stubs = importlib.import_module("mvirt_pb2_grpc")
service = pb2.DESCRIPTOR.services_by_name["VmService"]

channels = {}
calls = {}
outgoing = {}
reading = {}
lock = threading.Lock()


def say(**line):
    with lock:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def to_json(message):
    return MessageToDict(message, preserving_proto_field_name=True, use_integers_for_enums=True)


def to_message(method, fields):
    return ParseDict(fields, getattr(pb2, service.methods_by_name[method].input_type.name)())


def outcome(call):
    code = call.code()
    trailers = [[key, value if isinstance(value, str) else value.decode("utf-8")] for key, value in call.trailing_metadata() or ()]
    return {"code": code.name, "details": call.details() or "", "trailers": trailers}


def connect(name, target, options):
    # One connection each: channels with the same target would share theirs.
    settings = [("grpc.use_local_subchannel_pool", 1), *map(tuple, options)]
    channels[name] = grpc.insecure_channel(target, options=settings)


def unary(id, on, method, fields, timeout):
    stub = getattr(stubs.VmServiceStub(channels[on]), method)
    call = stub.future(to_message(method, fields), timeout=timeout)
    calls[id] = call

    def done(_):
        end = outcome(call)
        response = to_json(call.result()) if end["code"] == "OK" else None
        say(id=id, response=response, **end)

    call.add_done_callback(done)


def requests(id):
    while True:
        message = outgoing[id].get()
        if message is None:
            return
        yield message


def stream(id, on, method, fields, timeout):
    stub = getattr(stubs.VmServiceStub(channels[on]), method)
    reading[id] = threading.Event()
    reading[id].set()
    if fields is None:
        outgoing[id] = queue.Queue()
        call = stub(requests(id), timeout=timeout)
    else:
        call = stub(to_message(method, fields), timeout=timeout)
    calls[id] = call

    def read():
        try:
            while True:
                reading[id].wait()
                say(id=id, message=to_json(next(call)))
        except (StopIteration, grpc.RpcError):
            pass
        say(id=id, end=outcome(call))

    def meet():
        call.initial_metadata()
        say(id=id, headers=True)

    threading.Thread(target=read, daemon=True).start()
    threading.Thread(target=meet, daemon=True).start()


def obey(line):
    op = line.pop("op")
    if op == "connect":
        connect(**line)
    elif op == "unary":
        unary(**line)
    elif op == "stream":
        stream(**line)
    elif op == "send":
        outgoing[line["id"]].put(to_message(line["method"], line["fields"]))
    elif op == "half-close":
        outgoing[line["id"]].put(None)
    elif op == "pause":
        reading[line["id"]].clear()
    elif op == "resume":
        reading[line["id"]].set()
    elif op == "cancel":
        calls[line["id"]].cancel()
    elif op == "disconnect":
        channels.pop(line["name"]).close()


say(ready=True)
for text in sys.stdin:
    obey(json.loads(text))
