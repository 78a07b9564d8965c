-- SPDX-License-Identifier: Apache-2.0
---@meta
-- luacheck: ignore
-- Made by lua-plugins/api/gen.lua; not for editing. What an editor with LuaLS knows about plugins.

---@class stoa.Set
local Set = {}
---@param value string|number
---@return boolean
function Set:has(value) end

---@class stoa.Setting
---@class stoa.Text
---@field en string
---@field de? string

---@class stoa.Opinion
---@field reason string
---@field message? stoa.Text

---@class stoa.Limits
---@field time? string such as "5ms", at most "100ms"
---@field memory? string such as "1MiB", at most "16MiB"

---What a plugin should make of one made-up activity; runs at every load and by `stoa plugin test`.
---@class stoa.Case
---@field name string what it shows
---@field config? table<string, string|number|boolean|string[]> settings for this case
---@field today? string the day, as in "2027-01-15"
---@field groups? string[] of the person
---@field findings? string[] ids of detectors that found something
---@field platform? string "generic" when absent
---@field kind? string "post" when absent
---@field audience? string "public" when absent
---@field phase? "commit"|"draft"|"prepare"|"confirm"
---@field text? string
---@field url? string
---@field title? string
---@field lang? string
---@field verdict? "allow"|"note"|"coach"|"redact"|"block" what is expected; "allow" when absent
---@field reason? string what is expected

---@class stoa.Plugin
---@field api 1
---@field name string "owner.name"
---@field version string
---@field title stoa.Text|string
---@field summary? stoa.Text|string
---@field license? string
---@field categories? string[]
---@field permissions? string[]
---@field limits? stoa.Limits
---@field on_failure? "skip"|"coach"|"block"
---@field enabled? boolean
---@field config? table<string, stoa.Setting>
---@field tests? stoa.Case[]
---@field load? fun(conf: table) Once per worker and generation, with the settings: prepares tables.
---@field activity? fun(a: stoa.Activity, ctx: stoa.Context) For each post, comment, message or upload that an adapter understood, before it leaves.

---The module every plugin finds as the global stoa; stoa.schema describes settings.
---@class stoa
stoa = { schema = {} }

---A set of strings or numbers; ask it with set:has(value).
---@param list table its members
---@return stoa.Set
function stoa.set(list) end

---A shared module: the table that lib/NAME.lua returns, run in the plugin's own state, once.
---@param name string the file's name without .lua
---@return table
function stoa.lib(name) end

---A setting that is a string.
---@param spec? table default, help and what the type knows
---@return stoa.Setting
function stoa.schema.string(spec) end

---A setting that is a whole number.
---@param spec? table default, help and what the type knows
---@return stoa.Setting
function stoa.schema.integer(spec) end

---A setting that is a number.
---@param spec? table default, help and what the type knows
---@return stoa.Setting
function stoa.schema.number(spec) end

---A setting that is true or false.
---@param spec? table default, help and what the type knows
---@return stoa.Setting
function stoa.schema.boolean(spec) end

---A setting that is a list of strings.
---@param spec? table default, help and what the type knows
---@return stoa.Setting
function stoa.schema.list(spec) end

---One thing a person is about to do on a platform. Valid inside the hook only.
---@class stoa.Activity
---@field text string What the person typed, fields joined by newlines.
---@field platform string Id of the platform adapter: "youtube", "mediawiki", "generic".
---@field kind string What it is: "post", "comment", "edit", "message" and so on (docs/activity.md).
---@field audience string Who can read it: "public", "group", "private", "direct", "ai" or "unknown".
---@field phase string "commit" when it is sent, "draft" or "prepare" when the page sends it ahead.
---@field confidence integer 100 when a rule of an adapter knows this request, 50 when the fallback guessed.
---@field url string Canonical address of the object, or an empty string.
---@field title string Title of the object, or an empty string.
---@field lang string Language, as in "en" or "de-AT", or an empty string.
---@field urls string[] Web addresses in the text, at most 32.
---@field hashtags string[] Hashtags in the text without their '#', lower case, at most 32.
---@field actor stoa.Actor The person who does it.
local Activity = {}

---Did a detector find this in the message?
---@param id string a detector's id, such as "pii.de.iban"; a trailing '*' is any rest
---@return boolean
function Activity:has_finding(id) end

---The person behind an activity. A plugin learns groups, never a name.
---@class stoa.Actor
local Actor = {}

---Is the person in this group? Needs the permission `actor.groups`.
---@param group string name as in stoa.yaml
---@return boolean
function Actor:in_group(group) end

---The call a hook runs in: its settings, the day, and how to have a say.
---@class stoa.Context
---@field config table The plugin's settings: those of stoa.yaml, else the manifest's defaults. Cannot be changed.
---@field today string The day in UTC: "2026-11-24".
local Context = {}

---Let it pass and keep a record of the reason. Needs the permission `verdict.note`.
---@param opinion stoa.Opinion reason: an id of letters, digits and ._:-; message: { en, de }
function Context:note(opinion) end

---Let it pass and tell the person something. Needs the permission `verdict.coach`.
---@param opinion stoa.Opinion reason: an id of letters, digits and ._:-; message: { en, de }
function Context:coach(opinion) end

---Ask for the detectors' findings to be masked. Needs the permission `verdict.redact`.
---@param opinion stoa.Opinion reason: an id of letters, digits and ._:-; message: { en, de }
function Context:redact(opinion) end

---Keep it from leaving; the person sees the message in the platform's own place. Needs the permission `verdict.block`.
---@param opinion stoa.Opinion reason: an id of letters, digits and ._:-; message: { en, de }
function Context:block(opinion) end
