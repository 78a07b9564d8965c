# SPDX-License-Identifier: Apache-2.0
"""The scenario tests' helpers: the gateway as a process, origins, clients, and the small language of .stoa files."""
