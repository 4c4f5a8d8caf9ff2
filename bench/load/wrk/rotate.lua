-- GETs the paths, or the absolute URLs, of a file one after the other, each thread from a place of its own.
--   wrk … -s rotate.lua http://127.0.0.1:PORT -- FILE [Accept header [API key]]
local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(args)
   local accept = args[2] and ("Accept: " .. args[2] .. "\r\n") or ""
   local key = args[3] and ("x-api-key: " .. args[3] .. "\r\n") or ""
   local tail = " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\n" .. accept .. key .. "\r\n"
   requests = {}
   for line in io.lines(args[1]) do
      requests[#requests + 1] = "GET " .. line:gsub("^https?://[^/]+", "") .. tail
   end
   assert(#requests > 0, args[1] .. " is empty")
   at = math.floor(#requests * number / 2)
end

function request()
   at = at % #requests + 1
   return requests[at]
end

done = require("report").done
