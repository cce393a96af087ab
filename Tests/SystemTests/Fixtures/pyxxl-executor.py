# An executor of PyPI's pyxxl, by its public interface, with the handlers that tests ask for.
# Usage: pyxxl-executor.py ADMIN-URL TOKEN APP-NAME PORT FOLDER QUEUE-LENGTH
import asyncio
import os
import sys

from pyxxl import ExecutorConfig, PyxxlRunner
from pyxxl.ctx import g

admin, token, app, port, folder, queue = sys.argv[1:]
runner = PyxxlRunner(ExecutorConfig(
    xxl_admin_baseurl=admin, access_token=token, executor_app_name=app, executor_listen_host="127.0.0.1",
    executor_listen_port=int(port), executor_log_path=os.path.join(folder, "executor.log"),
    log_local_dir=os.path.join(folder, "runs"), task_queue_length=int(queue), dotenv_try=False))


@runner.register(name="answer")
async def answer():
    return "got " + g.xxl_run_data.executorParams


@runner.register(name="object")
async def give_object():
    return {"rows": 20, "names": ["a", None]}


@runner.register(name="shard")
async def shard():
    return "%d/%d at %s" % (g.xxl_run_data.broadcastIndex, g.xxl_run_data.broadcastTotal, port)


@runner.register(name="fail")
async def fail():
    raise ValueError("no such day")


@runner.register(name="wait")
async def wait():
    await asyncio.sleep(3600)


@runner.register(name="lines")
async def lines():
    # As many lines as the parameters say, a pause after every hundred.
    for number in range(int(g.xxl_run_data.executorParams)):
        g.logger.info("line %d", number)
        if number % 100 == 99:
            await asyncio.sleep(0.2)


runner.run_executor()
