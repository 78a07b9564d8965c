-- SPDX-License-Identifier: Apache-2.0
local api = ...

local all = { "connect", "request", "validate", "finding", "activity", "record", "curate", "tick", "statement" }
local keeper = { "curate", "tick" }
local message = { "finding", "activity" }
local timed = { "connect", "request", "finding", "activity", "curate", "tick" }
local opinion = { { "opinion", "stoa.Opinion", "reason: an id of letters, digits and ._:-; message: { en, de }" } }

return api.class("Context", "The call a hook runs in: its settings, the day, and how to have a say.") {
  api.field "config" {
    doc = "The plugin's settings: those of stoa.yaml, else the manifest's defaults. Cannot be changed.", ret = "table",
    phases = all, since = 1, c = "lp_context_config" },
  api.field "today" {
    doc = "The day in UTC: \"2026-11-24\".", ret = "string",
    phases = all, since = 1, c = "lp_context_today" },
  api.field "now" {
    doc = "Seconds since 1970, UTC; in a test with `today`, noon of that day.", ret = "integer",
    phases = timed, permission = "clock", since = 1, c = "lp_context_now" },
  api.method "fact" {
    doc = "What this plugin's hook request noted under that name, or nil.",
    args = { { "name", "string", "as noted" } }, ret = "string?", phases = message, since = 1, c = "lp_context_fact" },
  api.method "kept" {
    doc = "What this plugin keeps under that name, or nil; across reloads and restarts.",
    args = { { "name", "string", "as kept" } }, ret = "string?",
    phases = keeper, permission = "store.kv", since = 1, c = "lp_context_kept" },
  api.method "keep" {
    doc = "Keeps an id under a name, 1 MiB for each plugin, 8 MiB for all; nil forgets it. Undone when the hook fails.",
    args = { { "name", "string", "an id: letters, digits and ._:/-, up to 63 bytes" },
      { "value", "string", "an id, too: a number, a day, a host, never text", optional = true } },
    phases = keeper, permission = "store.kv", since = 1, c = "lp_context_keep" },
  api.method "kept_names" {
    doc = "The names that this plugin kept before this call.",
    args = { { "prefix", "string", "only those that begin so", optional = true } }, ret = "string[]",
    phases = keeper, permission = "store.kv", since = 1, c = "lp_context_kept_names" },
  api.method "note" {
    doc = "Let it pass and keep a record of the reason.", args = opinion,
    phases = message, permission = "verdict.note", since = 1, c = "lp_context_note" },
  api.method "coach" {
    doc = "Let it pass and tell the person something.", args = opinion,
    phases = message, permission = "verdict.coach", since = 1, c = "lp_context_coach" },
  api.method "redact" {
    doc = "Ask for the detectors' findings to be masked.", args = opinion,
    phases = message, permission = "verdict.redact", since = 1, c = "lp_context_redact" },
  api.method "block" {
    doc = "Keep it from leaving; the person sees the message in the platform's own place.", args = opinion,
    phases = message, permission = "verdict.block", since = 1, c = "lp_context_block" },
}
