# SPDX-License-Identifier: Apache-2.0
"""What happens when processes die before the gateway has ever been ready."""
import os
import signal

from stoa_test.gateway import Gateway, settles
from stoa_test.pki import Authority

ROLES = ("keyholder", "recorder", "curator", "worker")


def test_processes_that_die_before_the_start_end_it(tmp_path):
    """All at once, so that some are buried when the supervisor has already given up."""
    gateway = Gateway(tmp_path / "gateway", trust=Authority(tmp_path).path).launch()
    held = set()

    def hold():
        """Stopped as soon as they are there, so that none of them gets ready."""
        for pid in [pid for role in ROLES for pid in gateway.children(role)]:
            if pid not in held:
                os.kill(pid, signal.SIGSTOP)
                held.add(pid)
        return held

    assert len(settles(hold, lambda pids: len(pids) == len(ROLES))) == len(ROLES)
    supervisor = gateway.process.pid
    os.kill(supervisor, signal.SIGSTOP)
    for pid in held:
        os.kill(pid, signal.SIGKILL)
    os.kill(supervisor, signal.SIGCONT)
    gateway.ended(expect=1)
