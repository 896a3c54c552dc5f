/** Numbers and times for people; what is missing is a dash. */

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** With so many digits behind the point as its size asks for. */
export function figure(number, unit = "") {
  if (number === null || number === undefined) return "–";
  const digits = Number.isInteger(number) || Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : 2;
  const text = number.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit ? `${text} ${unit}` : text;
}

/** The time of day. */
export function clock(date) {
  return date.toLocaleTimeString([], CLOCK);
}

/** How long ago, such as "3 minutes ago". */
export function ago(date) {
  if (date === null) return "–";
  const seconds = Math.max(0, (Date.now() - date.getTime()) / 1_000);
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? UNITS.at(-1);
  return relative.format(-Math.floor(seconds / size), unit);
}
