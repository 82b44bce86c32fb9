-- What Lua can do of itself, with results that are the same everywhere.
local t = {}
for i = 1, 50000 do t[i] = (i * 7919) % 50021 end
table.sort(t)
print(#t, t[1], t[25000], t[#t])
local words = {}
for w in ("the quick brown fox jumps over the lazy dog"):gmatch("%a+") do words[w] = (words[w] or 0) + 1 end
print(words.the, words.fox, string.rep("x", 5), ("%5.2f|%-5s|%x"):format(math.pi, "ab", 255))
print(math.maxinteger, math.mininteger, 7 // 2, 7 % -3, 2 ^ 0.5, 1 << 40)

local name = os.tmpname()
local f = assert(io.open(name, "w+"))
for i = 1, 20000 do f:write(i, " ", i * i, "\n") end
f:seek("set", 0)
local sum, lines = 0, 0
for a, b in f:lines("n", "n") do sum, lines = sum + a + b, lines + 1 end
print(lines, sum, f:seek("end"))
f:close()
assert(os.rename(name, name .. ".x"))
print(io.open(name), os.remove(name .. ".x"))

local function generate(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local total = 0
for i in generate(10000) do total = total + i end
print(total)

local weak = setmetatable({}, { __mode = "v" })
for i = 1, 1000 do weak[i] = {} end
local kept = {}
for i = 1, 200000 do kept[i % 1000 + 1] = { i } end
collectgarbage()
print(next(weak), collectgarbage("count") < 20000)
print(pcall(error, { code = 3 }), select("#", pcall(error)))
print(os.date("!%Y-%m-%d %H:%M:%S", 1e9), os.getenv("HOME") ~= nil, os.clock() > 0, os.time() > 1.6e9)
print(string.pack(">I4z", 258, "text"):byte(1, -1))
print(utf8.char(228, 8364), utf8.len("äöü"))
print(load("return 1 + ...")(41), pcall(load, "x ="))
io.stderr:write("and an error\n")
for line in io.lines() do io.write(line:upper(), "\n") end
os.exit(7, true)
