-- What every wrk script ends with: one line that run.sh reads, and a failure if any request failed.
-- wrk counts each status over 399 as a status error; answers that are redirects are not followed.
local report = {}

function report.done(summary, latency)
   local e = summary.errors
   local failed = e.connect + e.read + e.write + e.status + e.timeout
   io.write(string.format("RESULT rate=%.1f mb_s=%.1f p99_ms=%.2f requests=%d failed=%d\n",
      summary.requests / (summary.duration / 1e6), summary.bytes / summary.duration,
      latency:percentile(99) / 1000, summary.requests, failed))
   if failed > 0 or summary.requests == 0 then
      io.write(string.format("FAILED connect=%d read=%d write=%d status=%d timeout=%d\n",
         e.connect, e.read, e.write, e.status, e.timeout))
      os.exit(1)
   end
end

return report
