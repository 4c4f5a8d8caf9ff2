-- Asks for the upload URL of a name that nobody asked for before: the thread and a counter are part of the descriptor.
--   wrk … -s upload.lua http://127.0.0.1:PORT -- TAG [Accept header]
-- TAG makes the names of one run differ from those of another.
local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(args)
   local accept = args[2] and ("Accept: " .. args[2] .. "\r\n") or ""
   head = "GET /upload/imap/swe/l1b/2026/09/imap_swe_l1b_" .. args[1] .. "-" .. number .. "-"
   tail = "_20260901_v001.0001.cdf HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\n" .. accept .. "\r\n"
   asked = 0
end

function request()
   asked = asked + 1
   return head .. asked .. tail
end

done = require("report").done
