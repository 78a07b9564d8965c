-- SPDX-License-Identifier: Apache-2.0
local api = ...

local here = { "record" }
local name = { { "name", "string", "of a field, as in the audit log: \"host\", \"detectors\"" } }

return api.class("Record", "One entry of the audit log, before it is handed over. It holds no text of a message.") {
  api.field "kind" {
    doc = "What it tells: \"decision\" or \"learning\".", ret = "string", phases = here, since = 1,
    c = "lp_record_kind" },
  api.method "get" {
    doc = "The value of a field, a list as its values joined by commas, or nil.", args = name, ret = "string?",
    phases = here, since = 1, c = "lp_record_get" },
  api.method "remove" {
    doc = "Takes a field away. False when it is not there, or when the record cannot be without it.", args = name,
    ret = "boolean", phases = here, permission = "record.remove", since = 1, c = "lp_record_remove" },
}
