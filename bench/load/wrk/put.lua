-- PUTs a body of SIZE bytes to each URL of a file once; when they are used up before the time is, the run fails.
--   wrk -t1 … -s put.lua http://127.0.0.1:PORT -- FILE SIZE
function init(args)
   local size = tonumber(args[2])
   local tail = " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Length: " .. size .. "\r\n\r\n" .. string.rep("x", size)
   targets = {}
   for line in io.lines(args[1]) do
      targets[#targets + 1] = line:gsub("^https?://[^/]+", "")
   end
   at = 0
   function request()
      at = at + 1
      return "PUT " .. (targets[at] or "/used-up") .. tail
   end
end

done = require("report").done
