-- SPDX-License-Identifier: Apache-2.0
local api = ...

local here = { "statement" }

return api.class("Statement", "One xAPI statement, before it is handed over. Who it is about is not in it.") {
  api.method "get" {
    doc = "The value of a field, as it is by now, or nil.",
    args = { { "name", "string", "verb, type, url, parent, platform; or title, lang, kind, rule, tags, day, seconds, "
      .. "completed, which nobody changes" } },
    ret = "string?", phases = here, since = 1, c = "lp_statement_get" },
  api.method "map" {
    doc = "Says a field in the words of who receives it.",
    args = { { "name", "string", "verb, type, url or parent (the course or path that it counts for), which are IRIs; "
      .. "platform, which is an id" }, { "value", "string", "up to 512 bytes; an IRI begins with https: or http:" } },
    phases = here, permission = "statement.map", since = 1, c = "lp_statement_map" },
  api.method "drop" {
    doc = "It is not handed over.", phases = here, permission = "statement.drop", since = 1, c = "lp_statement_drop" },
}
