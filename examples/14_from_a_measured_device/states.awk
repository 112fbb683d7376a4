# Measurements (target, conductance at 1 s, at 10000 s) to the table of states that cell.device=table reads: mean and spread of each
# state, and of its drift exponent nu in G(t) = G(1 s) (t / 1 s)^-nu.
BEGIN { FS = ","; print "conductance_uS,spread_uS,drift_exponent,drift_spread" }
FNR == 1 { next }
$1 != target { finish(); target = $1; n = g = gg = nu = nunu = 0 }
{ e = log($2 / $3) / log(10000); n++; g += $2; gg += $2 * $2; nu += e; nunu += e * e }
END { finish() }
function finish() {
  if (n > 1) printf "%.3f,%.3f,%.4f,%.4f\n", g / n, sqrt((gg - g * g / n) / (n - 1)), nu / n, sqrt((nunu - nu * nu / n) / (n - 1))
}
