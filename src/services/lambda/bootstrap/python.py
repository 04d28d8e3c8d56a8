# Runs one Python handler against Lambda's runtime API, as AWS's own runtime does. Started by instance.ts with the
# function's environment; speaks to nothing but AWS_LAMBDA_RUNTIME_API.
import http.client
import importlib
import json
import os
import sys
import time
import traceback

HOST = os.environ["AWS_LAMBDA_RUNTIME_API"]
BASE = "/2018-06-01/runtime"
ROOT = os.environ["LAMBDA_TASK_ROOT"]
PROJECT = os.environ.pop("SIDESTAGE_CODE_ROOT", "")


def call(method, path, body=None, headers=None):
    connection = call.connection
    for attempt in (0, 1):
        try:
            connection.request(method, BASE + path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response, response.read()
        except (http.client.HTTPException, ConnectionError):
            connection.close()
            if attempt:
                raise


call.connection = http.client.HTTPConnection(HOST)


class Context:
    def __init__(self, headers):
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])
        client = headers.get("Lambda-Runtime-Client-Context")
        self.client_context = json.loads(client) if client else None
        identity = headers.get("Lambda-Runtime-Cognito-Identity")
        self.identity = json.loads(identity) if identity else None

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def describe(kind, error, request_id=None):
    frames = traceback.extract_tb(error.__traceback__) if error.__traceback__ else []
    own = [frame for frame in frames if frame.filename != __file__]
    detail = {
        "errorMessage": str(error),
        "errorType": kind,
        "stackTrace": traceback.format_list(own),
    }
    if request_id:
        detail["requestId"] = request_id
    return detail


def fail(path, detail):
    print("[ERROR] %s: %s" % (detail["errorType"], detail["errorMessage"]), flush=True)
    headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": detail["errorType"]}
    call("POST", path, json.dumps(detail), headers)


def limit_memory():
    limit = os.environ.pop("SIDESTAGE_MEMORY_LIMIT", "")
    if not limit:
        return
    try:
        import resource

        # The interpreter's own mappings are not the function's.
        size = int(limit) + 256 * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    except (ImportError, ValueError, OSError):
        pass


def load():
    name = os.environ["_HANDLER"]
    if "." not in name or ".." in name or name.startswith("/"):
        raise ValueError("Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name)
    module_name, function_name = name.rsplit(".", 1)
    sys.path.insert(0, ROOT)
    file = os.path.realpath(os.path.join(ROOT, module_name.replace(".", "/") + ".py"))
    allowed = [os.path.realpath(place) for place in (ROOT, PROJECT) if place]
    if os.path.exists(file) and not any(file.startswith(place + os.sep) for place in allowed):
        raise ImportError("'%s' lies outside of the function's folder" % name)
    module = importlib.import_module(module_name.replace("/", "."))
    return getattr(module, function_name)


def main():
    sys.stdout.reconfigure(line_buffering=True)
    limit_memory()
    try:
        handler = load()
    except ImportError as error:
        name = os.environ["_HANDLER"].rsplit(".", 1)[0]
        detail = describe("Runtime.ImportModuleError", error)
        detail["errorMessage"] = "Unable to import module '%s': %s" % (name, error)
        fail("/init/error", detail)
        sys.exit(1)
    except AttributeError as error:
        name, function = os.environ["_HANDLER"].rsplit(".", 1)
        detail = describe("Runtime.HandlerNotFound", error)
        detail["errorMessage"] = "Handler '%s' missing on module '%s'" % (function, name)
        fail("/init/error", detail)
        sys.exit(1)
    except ValueError as error:
        fail("/init/error", describe("Runtime.MalformedHandlerName", error))
        sys.exit(1)
    except BaseException as error:  # noqa: BLE001 - whatever the module raised ends the start
        fail("/init/error", describe(type(error).__name__, error))
        sys.exit(1)
    while True:
        response, body = call("GET", "/invocation/next")
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        os.environ["_X_AMZN_TRACE_ID"] = response.headers.get("Lambda-Runtime-Trace-Id", "")
        try:
            result = handler(json.loads(body), Context(response.headers))
        except Exception as error:  # noqa: BLE001 - the function's errors are its answer
            fail("/invocation/%s/error" % request_id, describe(type(error).__name__, error, request_id))
            continue
        try:
            text = json.dumps(result)
        except (TypeError, ValueError) as error:
            detail = describe("Runtime.MarshalError", error, request_id)
            detail["errorMessage"] = "Unable to marshal response: %s" % error
            fail("/invocation/%s/error" % request_id, detail)
            continue
        call("POST", "/invocation/%s/response" % request_id, text, {"Content-Type": "application/json"})


main()
