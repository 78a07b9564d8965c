-- SPDX-License-Identifier: Apache-2.0
local api = ...

local here = { "connect" }

return api.class("Connection", "A connection that somebody begins. Of several plugins the strictest wins.") {
  api.field "host" {
    doc = "The host that was asked for, in lower case.", ret = "string", phases = here, since = 1,
    c = "lp_connection_host" },
  api.field "port" {
    doc = "Its port.", ret = "integer", phases = here, since = 1, c = "lp_connection_port" },
  api.field "platform" {
    doc = "Id of the platform adapter that claims the host, or an empty string.", ret = "string", phases = here,
    since = 1, c = "lp_connection_platform" },
  api.field "route" {
    doc = "What the policies say: \"pass\" or \"inspect\".", ret = "string", phases = here, since = 1,
    c = "lp_connection_route" },
  api.field "is_protected" {
    doc = "Is it of a protected category? Then it passes, and no plugin can have it inspected.", ret = "boolean",
    phases = here, since = 1, c = "lp_connection_is_protected" },
  api.field "actor" {
    doc = "The person who does it.", ret = "stoa.Actor", phases = here, since = 1, c = "lp_activity_actor" },
  api.method "pass" {
    doc = "Let it through unread.", phases = here, permission = "route.pass", since = 1, c = "lp_connection_pass" },
  api.method "inspect" {
    doc = "Have it opened and read, unless it is protected.", phases = here, permission = "route.inspect", since = 1,
    c = "lp_connection_inspect" },
  api.method "block" {
    doc = "Refuse it.", phases = here, permission = "verdict.block", since = 1, c = "lp_connection_block" },
}
