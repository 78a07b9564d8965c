-- SPDX-License-Identifier: Apache-2.0
-- Makes from the API descriptions:  lua5.4 gen.lua c|hooks|luals|manual|man|luacheck FOLDER > FILE
--   c       rows for host/api.c and for the test that calls everything in every phase
--   hooks   rows for host/plugin.h: every hook and its budget
--   luals   stoa.d.lua, what an editor knows about the API
--   manual  docs/lua-api.md
--   man     docs/stoa-lua.7, the same as a manual page
--   luacheck  lua-plugins/api/luacheckrc, the globals of plugins and rules for luacheck
-- The C tables are made at build time; the others are committed, and a test checks that they are fresh.

local what, folder = arg[1], arg[2]
local files = { "stoa", "connection", "request", "activity", "actor", "hit", "finding", "record", "item", "statement",
  "context" }
local hooks = dofile(folder .. "/hooks.lua")
local phases = {}
for i, hook in ipairs(hooks) do
  phases[hook.name] = 1 << (i - 1)
end
local types = { string = "s", integer = "i", number = "n", boolean = "b", table = "t", ["stoa.Opinion"] = "t",
  ["stoa.Tag"] = "t" }

local function load_classes()
  local api = dofile(folder .. "/describe.lua")
  local classes = {}
  for i, name in ipairs(files) do
    classes[i] = assert(loadfile(folder .. "/" .. name .. ".lua"))(api)
  end
  return classes
end

local function signature(entry)
  local out, optional = {}, false
  for _, a in ipairs(entry.args or {}) do
    if a.optional and not optional then
      out[#out + 1], optional = "?", true
    end
    out[#out + 1] = assert(types[a[2]], "no letter for the type " .. a[2])
  end
  return table.concat(out)
end

local function phase_mask(entry)
  local mask = 0
  for _, name in ipairs(entry.phases) do
    mask = mask | assert(phases[name], "unknown phase " .. name)
  end
  return mask
end

local function permission(entry)
  return entry.permission and "1u << LP_MAY_" .. entry.permission:upper():gsub("%.", "_") or "0"
end

-- LP_API(class, kind, name, function, arguments, phases, permission), sorted as described.
local function write_c(classes)
  print("/* Made by lua-plugins/api/gen.lua; not for editing. */")
  for _, class in ipairs(classes) do
    for _, e in ipairs(class.entries) do
      print(("LP_API(%s, %s, \"%s\", %s, \"%s\", %du, %s)"):format(class.name:upper(), e.kind:upper(), e.name, e.c,
        signature(e), phase_mask(e), permission(e)))
    end
  end
end

-- LP_HOOK(id, name, budget in microseconds), in running order.
local function write_hooks()
  print("/* Made by lua-plugins/api/gen.lua; not for editing. */")
  for _, hook in ipairs(hooks) do
    print(("LP_HOOK(%s, \"%s\", %du)"):format(hook.name:upper(), hook.name, hook.budget_us))
  end
end

local function write_luals_entry(class, e)
  local names = {}
  print("\n---" .. e.doc .. (e.permission and " Needs the permission `" .. e.permission .. "`." or ""))
  for i, a in ipairs(e.args or {}) do
    names[i] = a[1]
    print(("---@param %s%s %s %s"):format(a[1], a.optional and "?" or "", a[2], a[3]))
  end
  if e.ret then
    print("---@return " .. e.ret)
  end
  print(("function %s%s%s(%s) end"):format(class.name, e.kind == "method" and ":" or ".", e.name,
    table.concat(names, ", ")))
end

local preamble = [[
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

---@class stoa.Tag
---@field topic string "cloud/kubernetes"
---@field level? string "beginner"
---@field skill? string "skills:container-platforms"
---@field queue? string who looks at it first
---@field verb? string what the learning is recorded as: "experienced", "completed"

---A detector of the plugin's own: an entry of a pack (docs/detectors.md), with `label` for its id.
---@class stoa.Detector
---@field label string "internal.customer_id", what policies and records call it
---@field pattern? string bounded regular expression; the match itself is the finding
---@field title? stoa.Text|string the plugin's when absent
---@field severity? "low"|"medium"|"high"|"critical" "medium" when absent
---@field mask? string what redaction writes; "[customer_id]" after the label when absent
---@field caseless? boolean
---@field confidence? table<string, integer> base, validated, near
---@field context? table<string, string[]|string|integer> words, within, required
---@field validate? string|fun(hit: stoa.Hit, ctx: stoa.Context) a pack's by name, or the plugin's own
---@field find? string another finder than the pattern, with what it needs
---@field shape? string
---@field lengths? string[]
---@field anchor? string|string[]
---@field chars? string
---@field extent? string
---@field max? integer
---@field tags? string[]
---@field examples? table<string, string[]> match and miss; checked at every load

---What must be there for the plugin to work; without it the plugin is off, and that is said once.
---@class stoa.Needs
---@field hooks? string[] that this version of Stoa must have
---@field modules? string[] of lib/
---@field platforms? string[] ids of adapters
---@field plugins? string[] "owner.name", switched on
---@field detectors? string[] ids, such as "pii.iban"

---@class stoa.Limits
---@field time? string such as "5ms", at most "100ms"
---@field memory? string such as "1MiB", at most "16MiB"

---What a plugin should make of one made-up case; runs at every load and by `stoa plugin test`.
---@class stoa.Case
---@field name string what it shows
---@field hook? HOOK_NAMES "activity" when absent
---@field config? table<string, string|number|boolean|string[]> settings for this case
---@field today? string the day, as in "2027-01-15"
---@field groups? string[] of the person
---@field findings? string[] ids of detectors: given to an activity, expected of "validate"
---@field platform? string "generic" when absent
---@field kind? string "post" when absent
---@field audience? string "public" when absent
---@field phase? "commit"|"draft"|"prepare"|"confirm"
---@field text? string
---@field url? string
---@field title? string
---@field author? string of an item
---@field lang? string
---@field host? string of a connection
---@field method? string of a request; "GET" when absent
---@field path? string of a request; "/" when absent
---@field headers? table<string, string> of a request
---@field facts? string[] "name=value": expected of a request, given to an activity or a finding
---@field skips? boolean expected of a request
---@field port? integer of a connection; 443 when absent
---@field route? "pass"|"inspect" what the policies say of a connection; "inspect" when absent
---@field protected? boolean the connection is of a protected category
---@field finding? string id of the detector that found the text
---@field confidence? integer of the finding; 90 when absent
---@field record? table<string, string> fields of the record
---@field dwell? string "2m", of an item
---@field ends_as? "pass"|"inspect"|"block" what is expected of a connection; its route when absent
---@field leaves? integer the confidence that is expected afterwards; unchanged when absent
---@field removes? string[] the fields that are expected to be taken away
---@field statement? table<string, string> fields of the statement
---@field maps? string[] "name=value": what is expected to be said in other words
---@field drops? boolean expected of a statement
---@field kept? table<string, string> what the plugin kept before, for an item or a tick
---@field keeps? string[] "name=value": what is expected to be kept; "name": what is forgotten
---@field tags? string[] the topics that are expected
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
---@field needs? stoa.Needs
---@field permissions? string[]
---@field limits? stoa.Limits
---@field on_failure? "skip"|"coach"|"block"
---@field enabled? boolean
---@field lower_until? string the last day on which findings may be lowered: "2027-03-31"
---@field config? table<string, stoa.Setting>
---@field detectors? table<string, stoa.Detector>
---@field tests? stoa.Case[] ]]

-- How people write a hook: "detectors.*.validate".
local function full_name(hook)
  return (hook.inside and hook.inside .. "." or "") .. hook.name
end

-- A hook's arguments: "a: stoa.Activity, ctx: stoa.Context", or their names alone.
local function hook_args(hook, with_types)
  local out = {}
  for i, a in ipairs(hook.args) do
    out[i] = with_types and a[1] .. ": " .. a[2] or a[1]
  end
  return table.concat(out, ", ")
end

-- The hooks that a test may be about.
local function hook_names()
  local out = {}
  for _, hook in ipairs(hooks) do
    if hook.name ~= "load" and hook.name ~= "unload" then
      out[#out + 1] = '"' .. hook.name .. '"'
    end
  end
  return table.concat(out, "|")
end

local function write_luals(classes)
  print("-- SPDX-License-Identifier: Apache-2.0")
  print((preamble:gsub("%s+$", ""):gsub("HOOK_NAMES", hook_names())))
  for _, hook in ipairs(hooks) do
    if not hook.inside then
      print(("---@field %s? fun(%s) %s"):format(hook.name, hook_args(hook, true), hook.doc))
    end
  end
  for _, class in ipairs(classes) do
    print("\n---" .. class.doc)
    print("---@class " .. (class.name == "stoa" and "stoa" or "stoa." .. class.name))
    for _, e in ipairs(class.entries) do
      if e.kind == "field" then
        print(("---@field %s %s %s"):format(e.name, e.ret, e.doc))
      end
    end
    print(class.name == "stoa" and "stoa = { schema = {} }" or ("local %s = {}"):format(class.name))
    for _, e in ipairs(class.entries) do
      if e.kind ~= "field" then
        write_luals_entry(class, e)
      end
    end
  end
end

local function write_manual_entry(class, e)
  local names, notes = {}, {}
  for i, a in ipairs(e.args or {}) do
    names[i] = a.optional and "[" .. a[1] .. "]" or a[1]
    notes[#notes + 1] = ("`%s` (%s): %s."):format(a[1], a[2], a[3])
  end
  local call = e.kind == "field" and "" or "(" .. table.concat(names, ", ") .. ")"
  print(("\n### `%s%s%s%s`%s\n"):format(class.name, e.kind == "method" and ":" or ".", e.name, call,
    e.ret and " → " .. e.ret or ""))
  print(e.doc)
  for _, note in ipairs(notes) do
    print("- " .. note)
  end
  print(("- In: %s.%s Since API %d."):format(table.concat(e.phases, ", "),
    e.permission and " Permission: `" .. e.permission .. "`." or "", e.since))
end

local intro = [[
A plugin is one file that returns a table: its manifest and its hooks. It runs in a state of its own with a cap on
memory and time; `os`, `io`, `package`, `debug`, `load`, `coroutine` and `collectgarbage` are not there, patterns have a
step budget, and a hook that fails counts: five failures in 60 seconds rest the plugin for 60 seconds, the third rest is
for good. While it rests or fails, its `on_failure` (`skip`, `coach` or `block`) stands in; a connection is blocked or
goes on, a record and an item go on as they are.

`needs` of the manifest names what must be there: `hooks` of this Stoa, `modules` of lib/, `platforms`, other `plugins`,
`detectors`. Without one of them, or with a later `api`, the plugin is off, which the log and `stoa check` say in one
line; everything else loads.

A file that is wrong (it does not run, its manifest has a mistake, one of its tests fails) stops a reload: the old
generation stays in force. At a start there is no old one, so the gateway starts without such plugins, adapters,
curation rules and shared modules and says so: a line each with file, line and what is wrong, the events
`plugin.left.out`, `adapter.left.out` and `curation.left.out`, `files_left_out` and `left_out` in `stoa status`,
`broken` in `stoa plugin list` and `stoa adapter list`. A plugin that is left out never runs, but its `on_failure`
holds: `skip` (also where the file says nothing of it) is as if it were not there; `coach` and `block` count wherever it
would have been asked, a match of its detectors being a finding. Where the file does not run, its text is looked at for
`on_failure`, hooks and detectors, and in doubt the stricter holds: a value that is no plain word is `block`, and a
guard whose detectors nobody can read counts for every message.

An adapter that is left out keeps its hosts: policies open them as before, and the fallback reads and judges what goes
there. Where an earlier folder has an adapter of the same id, that one works on, for these hosts too. The hosts of a
file that does not run are those that its text names in a plain list behind `hosts`. Its login paths stay unread where
nothing but a test failed, and no test says otherwise; else those that the fallback knows. The gateway does not start
when a policy names a platform or a detector that nobody knows without the file, or when the fallback itself is wrong.

`permissions` of the manifest names all that a plugin may do; an entry below that needs one says so, and `stoa plugin
doc` explains each. A permission that is unknown is an error, and so is one that is not offered, which it says:
`http.fetch` (a plugin never reaches the network), `response.read` (answers stream back at once; `curate` has a copy of
a page), `actor.pseudonym` (only the recorder makes pseudonyms, so that no plugin can tell people apart),
`attachment.read` (what a file says is in `a.text` where an adapter takes it for typed, and detectors read every file)
and `text.redact` (`ctx:redact` asks for it).

What a plugin keeps (`keep`) are ids by ids, never text: a count, a day, a host. It lives in the curator, so only
`curate` and `tick` have it; it is written to `plugins.kept` in `state_dir` once a minute and at the end, and a crash
loses the last minute at most. A plugin never reaches the network: what it saw could leave that way unread, and a slow
server would stop its process. What should leave goes by `record` and `statement`, through the programs that are made
for it.

Start one with `stoa plugin new --template coach owner.name`, and try it with `stoa plugin check`, `test` and `profile`.
]]

local hooks_outro = [[
`limits.time` of the manifest sets the budget of `activity`. "In" below names the hooks an entry may be used in; the
file itself counts as load.
]]

local function duration(us)
  return us % 1000 == 0 and us // 1000 .. " ms" or us .. " µs"
end

local function write_manual_hooks()
  print("\n## Hooks\n\n| hook | when | budget |\n|---|---|---|")
  for _, hook in ipairs(hooks) do
    print(("| `%s(%s)` | %s | %s |"):format(full_name(hook), hook_args(hook, false), hook.doc,
      duration(hook.budget_us)))
  end
  print("\n" .. (hooks_outro:gsub("%s+$", "")))
end

local function write_manual(classes)
  print("<!-- SPDX-License-Identifier: Apache-2.0; made by lua-plugins/api/gen.lua, not for editing -->")
  print("# Lua API 1\n")
  print((intro:gsub("%s+$", "")))
  write_manual_hooks()
  for _, class in ipairs(classes) do
    print("\n## " .. class.name .. "\n\n" .. class.doc)
    for _, e in ipairs(class.entries) do
      write_manual_entry(class, e)
    end
  end
end

-- Text for roff: no line begins with a control character, code loses its marks, a backslash is one.
local function roff(text)
  return (text:gsub("\\", "\\e"):gsub("`", ""):gsub("\n([.'])", "\n\\&%1")
    :gsub("^([.'])", "\\&%1"):gsub("%-", "\\-"))
end

local function write_man_entry(class, e)
  local names = {}
  for i, a in ipairs(e.args or {}) do
    names[i] = a.optional and "[" .. a[1] .. "]" or a[1]
  end
  local call = e.kind == "field" and "" or "(" .. table.concat(names, ", ") .. ")"
  print(".TP\n.B " .. roff(class.name .. (e.kind == "method" and ":" or ".") .. e.name .. call))
  print(roff(e.doc))
  for _, a in ipairs(e.args or {}) do
    print(roff(("%s (%s): %s."):format(a[1], a[2], a[3])))
  end
  print(roff(("%sIn: %s.%s"):format(e.ret and "Gives " .. e.ret .. ". " or "", table.concat(e.phases, ", "),
    e.permission and " Permission: " .. e.permission .. "." or "")))
end

local function write_man(classes)
  print('.\\" SPDX-License-Identifier: Apache-2.0')
  print('.\\" Made by lua-plugins/api/gen.lua, not for editing.')
  print('.TH STOA-LUA 7 "" "Stoa" "Stoa"\n.SH NAME\nstoa-lua \\- the Lua API of plugins\n.SH DESCRIPTION')
  print((roff((intro:gsub("%s+$", ""))):gsub("\n\n", "\n.PP\n")))
  print(".SH HOOKS")
  for _, hook in ipairs(hooks) do
    print((".TP\n.B %s(%s)\n%s At most %s."):format(full_name(hook), hook_args(hook, false), roff(hook.doc),
      roff((duration(hook.budget_us):gsub("µ", "u")))))
  end
  print(".PP\n" .. roff((hooks_outro:gsub("%s+$", ""))))
  for _, class in ipairs(classes) do
    print(".SH " .. class.name:upper() .. "\n" .. roff(class.doc))
    for _, e in ipairs(class.entries) do
      write_man_entry(class, e)
    end
  end
  print(".SH SEE ALSO\nstoa plugin \\-\\-help, luacheck(1)")
end

-- What a rule of curation/ finds; host/curate.c makes them.
local rule_words = { "curate", "hashtag", "phrase", "url", "author", "platform", "kind", "lang", "dwell", "length",
  "trust", "age", "learners", "dead", "where", "all_of", "any_of" }

local function write_luacheck()
  print("-- SPDX-License-Identifier: Apache-2.0")
  print("-- Made by lua-plugins/api/gen.lua; not for editing. luacheck --config THIS FILE: what plugins and")
  print("-- rules find, and what is not there.")
  print('std = "lua54"\nmax_line_length = 120')
  print('not_globals = { "os", "io", "package", "require", "debug", "load", "loadfile", "dofile", "coroutine",')
  print('  "collectgarbage", "print", "warn" }')
  print('read_globals = { "stoa",')
  print(('  "%s" }'):format(table.concat(rule_words, '", "')))
end

local writers = { c = write_c, hooks = write_hooks, luals = write_luals, manual = write_manual, man = write_man,
  luacheck = write_luacheck }
assert(writers[what], "usage: lua5.4 gen.lua c|hooks|luals|manual|man|luacheck FOLDER")(load_classes())
