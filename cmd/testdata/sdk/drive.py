# Calls the client as the JSON on stdin says, and prints what came of each call.
import base64
import json
import os
import pickle
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import pinseal


def seen(error):
    """All that a reporter of errors could see of one."""
    parts = [repr(error), str(error), repr(vars(error)), repr(error.__cause__), repr(error.__context__), repr(pinseal._default)]
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename.endswith("pinseal.py"):
            for value in trace.tb_frame.f_locals.values():
                parts.append(repr(value))
                parts.extend(repr(cell.cell_contents) for cell in getattr(value, "__closure__", None) or ())
        trace = trace.tb_next
    return "\n".join(parts)


def one(call):
    args = [base64.b64decode(a["bytes"]) if isinstance(a, dict) else a for a in call["args"]]
    try:
        source = pinseal.Client(**call["client"]) if call.get("client") else pinseal
        value = getattr(source, call["do"])(*args)
    except pinseal.SecretError as error:
        again = pickle.loads(pickle.dumps(error))
        assert (again.code, str(again)) == (error.code, str(error))
        return {"code": error.code, "message": str(error), "seen": seen(error)}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    return {"value": value}


def forked(call):
    """The same in a child of this process."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, json.dumps(one(call)).encode())
        os._exit(0)
    os.close(write)
    with open(read, "rb") as f:
        answer = json.loads(f.read())
    os.waitpid(child, 0)
    return answer


def main():
    task = json.load(sys.stdin)
    calls = task["calls"]
    answers = [None] * len(calls)

    def answer(i):
        answers[i] = one(calls[i])

    if task["how"] == "at once":
        threads = [threading.Thread(target=answer, args=(i,)) for i in range(len(calls))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    elif task["how"] == "forked":
        answers = [forked(call) for call in calls]
    else:
        for i in range(len(calls)):
            answer(i)
    json.dump(answers, sys.stdout)


main()
