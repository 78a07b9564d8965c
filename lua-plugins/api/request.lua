-- SPDX-License-Identifier: Apache-2.0
local api = ...

local here = { "request" }

return api.class("Request", "The head of a request on an opened connection. Login paths are never shown.") {
  api.field "method" {
    doc = "\"GET\", \"POST\" and so on.", ret = "string", phases = here, since = 1, c = "lp_request_method" },
  api.field "host" {
    doc = "The host, in lower case.", ret = "string", phases = here, since = 1, c = "lp_request_host" },
  api.field "path" {
    doc = "The path, without the query.", ret = "string", phases = here, since = 1, c = "lp_request_path" },
  api.field "platform" {
    doc = "Id of the platform adapter that claims the host, or an empty string.", ret = "string", phases = here,
    since = 1, c = "lp_request_platform" },
  api.field "actor" {
    doc = "The person who does it.", ret = "stoa.Actor", phases = here, since = 1, c = "lp_activity_actor" },
  api.method "header" {
    doc = "The first header of that name, or nil; nil also for all that may hold a credential.",
    args = { { "name", "string", "whatever its case" } }, ret = "string?", phases = here, permission = "headers.read",
    since = 1, c = "lp_request_header" },
  api.method "note_fact" {
    doc = "Remembers something for this plugin's later hooks on the same request; at most 16 for all plugins.",
    args = { { "name", "string", "an id" }, { "value", "string", "up to 256 bytes" } }, phases = here, since = 1,
    c = "lp_request_note_fact" },
  api.method "skip" {
    doc = "This plugin's later hooks are not called for this request.", phases = here, since = 1,
    c = "lp_request_skip" },
}
