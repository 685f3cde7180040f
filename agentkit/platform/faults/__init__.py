"""Faults on demand, for the tests of those who call the platform: off unless the settings switch them on."""

from agentkit.platform.faults.fault_file import read_faults_file
from agentkit.platform.faults.header import HEADER, read_fault
from agentkit.platform.faults.rules import Fault, FaultRule, Faults

__all__ = ["HEADER", "Fault", "FaultRule", "Faults", "read_fault", "read_faults_file"]
