-- SPDX-License-Identifier: Apache-2.0
local api = ...

local everywhere = { "load", "connect", "request", "validate", "finding", "activity", "record", "curate" }
local setting = { { "spec", "table", "default, help and what the type knows", optional = true } }

return api.class("stoa", "The module every plugin finds as the global stoa; stoa.schema describes settings.") {
  api.func "set" {
    doc = "A set of strings or numbers; ask it with set:has(value).",
    args = { { "list", "table", "its members" } }, ret = "stoa.Set", phases = everywhere,
    since = 1, c = "lp_stoa_set" },
  api.func "lib" {
    doc = "A shared module: the table that lib/NAME.lua returns, run in the plugin's own state, once.",
    args = { { "name", "string", "the file's name without .lua" } }, ret = "table", phases = { "load" }, since = 1,
    c = "lp_stoa_lib" },
  api.func "schema.string" {
    doc = "A setting that is a string.", args = setting, ret = "stoa.Setting", phases = everywhere, since = 1,
    c = "lp_schema_string" },
  api.func "schema.integer" {
    doc = "A setting that is a whole number.", args = setting, ret = "stoa.Setting", phases = everywhere, since = 1,
    c = "lp_schema_integer" },
  api.func "schema.number" {
    doc = "A setting that is a number.", args = setting, ret = "stoa.Setting", phases = everywhere, since = 1,
    c = "lp_schema_number" },
  api.func "schema.boolean" {
    doc = "A setting that is true or false.", args = setting, ret = "stoa.Setting", phases = everywhere, since = 1,
    c = "lp_schema_boolean" },
  api.func "schema.list" {
    doc = "A setting that is a list of strings.", args = setting, ret = "stoa.Setting", phases = everywhere, since = 1,
    c = "lp_schema_list" },
}
