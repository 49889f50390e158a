"use strict"
// Slides: each step plays and then stands. Its film, picture and words are in an element; films of a page that is
// one file are text in elements of their own, decoded when they are needed. Nothing is asked of a network.

const ANY = "any"  // the sound of no language
const START = 0.001  // seconds into a film, where it stands before it plays
const HELP = {  // what is pressed for each line of the help
  "key-forward": "Space  →  PgDn", "key-back": "←  PgUp", "key-jump": "12 Enter", "key-ends": "Home  End", "key-again": "R",
  "key-pause": "P", "key-overview": "O  Esc", "key-speaker": "S", "key-words": "C", "key-language": "L", "key-sound": "V",
  "key-black": "B", "key-full": "F",
}
const root = document.documentElement, $ = id => document.getElementById(id)
const deck = JSON.parse($("deck").textContent), { fps, languages } = deck  // own names of languages by their codes
const codes = Object.keys(languages)
const steps = [...document.querySelectorAll("#steps .step")].map(item => ({
  item, place: item.dataset.place, film: item.dataset.film, frames: Number(item.dataset.frames),
  picture: item.querySelector("img"),
  sounds: Object.fromEntries(item.dataset.sounds.split(" ").filter(Boolean).map(sound => sound.split("="))),
}))
const heard = new Set(steps.flatMap(step => Object.keys(step.sounds)))
const tracks = [ANY, ...Object.keys(languages)].filter(track => heard.has(track))
const said = (step, of, language) => step.item.querySelector(`${of}[lang="${language}"]`)?.textContent ?? ""

// -- what is kept from one visit to the next --------------------------------------------------------------------------

const shelf = `gradreel slides ${deck.name}`
const kept = (() => { try { return JSON.parse(localStorage.getItem(shelf)) ?? {} } catch { return {} } })()
const keep = what => {
  Object.assign(kept, what)
  try { localStorage.setItem(shelf, JSON.stringify(kept)) } catch { /* a browser that keeps nothing */ }
}
let language = codes.includes(kept.language) ? kept.language : root.lang  // that of the pictures
let track = tracks.includes(kept.track) ? kept.track : tracks.includes(ANY) ? ANY : ""  // "": silent
const label = name => deck.words[language][name]

// -- films -------------------------------------------------------------------------------------------------------------

const address = async name => {  // of a film or a sound
  while (!document.getElementById(name) && document.readyState === "loading") await new Promise(go => setTimeout(go, 30))
  const inside = document.getElementById(name)
  if (!inside) return name  // it lies beside the page
  return URL.createObjectURL(await (await fetch(`data:${inside.type},${inside.textContent}`)).blob())
}

class Player {  // of one step: its film, or, where that can't be played, its picture
  constructor(step) {
    this.step = step
    this.view = document.createElement("video")
    Object.assign(this.view, { muted: true, playsInline: true, preload: "auto", disablePictureInPicture: true })
    this.view.setAttribute("aria-label", nameOf(step))
    this.view.addEventListener("ended", () => { if (players.get(here) === this && phase === "playing") stand() })
    $("stage").append(this.view)
    this.ready = this.load()
  }
  async load() {
    const known = this.until("loadedmetadata")
    try {
      this.view.src = await address(this.step.film)
      await known
      await this.seek(START)  // on an iPhone the first picture comes when it is sought, not by itself
    } catch {
      if (!this.gone) this.showPicture()
    }
  }
  until(event) { return new Promise((good, bad) => { this.view[`on${event}`] = good; this.view.onerror = bad }) }
  seek(seconds) {
    const there = this.until("seeked")
    this.view.currentTime = seconds
    return there
  }
  showPicture() {
    const picture = document.createElement("img")
    picture.src = this.step.picture.src
    picture.alt = nameOf(this.step)
    this.view.replaceWith(picture)
    this.view = picture
    note(label("no-video"))
  }
  get isFilm() { return this.view instanceof HTMLVideoElement }
  async stands(phase) {  // at its first frame or its last
    await this.ready
    if (!this.isFilm) return this.view.decode()
    this.view.pause()
    const wanted = phase === "start" ? START : (this.step.frames - 0.5) / fps  // the middle of the last frame
    if (Math.abs(this.view.currentTime - wanted) * fps < 0.5 || (phase !== "start" && this.view.ended)) return
    await this.seek(wanted)
  }
  remove() {
    this.gone = true
    if (this.isFilm && this.view.src.startsWith("blob:")) URL.revokeObjectURL(this.view.src)
    if (this.isFilm) { this.view.removeAttribute("src"); this.view.load() }
    this.view.remove()
  }
}

const players = new Map()  // by index: the step that is shown and its neighbours
const player = index => {
  if (!players.has(index)) players.set(index, new Player(steps[index]))
  return players.get(index)
}
const sound = new Audio()
const hush = () => {
  sound.pause()
  sounding = ""
}
let sounding = ""
const soundOf = step => step.sounds[track] ?? (track && step.sounds[ANY])
const hear = async () => {  // together with the film
  const name = soundOf(steps[here])
  if (!name || !player(here).isFilm) return hush()
  if (sounding !== name) {
    sounding = name
    if (sound.src.startsWith("blob:")) URL.revokeObjectURL(sound.src)
    sound.src = await address(name)
  }
  if (sounding !== name || phase !== "playing" || paused) return
  sound.currentTime = player(here).view.currentTime
  sound.play().catch(() => {})
}

// -- where we are: a step, at its start, playing, or at its end -------------------------------------------------------

let here = -1, phase = "start", turn = 0, paused = false
async function show(index, wanted) {
  const mine = ++turn
  hush()
  here = index
  phase = wanted
  paused = false
  root.classList.remove("black")
  tell()
  const chosen = player(index)
  await (wanted === "playing" ? chosen.stands("start") : chosen.stands(wanted))
  if (mine !== turn) return
  for (const { view } of players.values()) view.classList.toggle("shown", view === chosen.view)
  if (wanted === "playing") {
    if (!chosen.isFilm) stand()
    else await chosen.view.play().then(hear, () => { if (mine === turn) stand() })
  }
  if (mine !== turn) return
  for (const [other, one] of players) if (Math.abs(other - index) > 1) { one.remove(); players.delete(other) }
  if (index + 1 < steps.length) player(index + 1).stands("start")
  if (index > 0) player(index - 1).stands("end")
}
function stand() {
  phase = "end"
  hush()
  tell()
}
const commands = {
  forward() {
    started ??= Date.now()
    if (phase === "playing") show(here, "end")
    else if (phase === "start") show(here, moving())
    else if (here + 1 < steps.length) show(here + 1, moving())
  },
  back() {
    if (here > 0) show(here - 1, "end")
    else show(0, "start")
  },
  first() { show(0, "start") },
  last() { show(steps.length - 1, "end") },
  again() { show(here, "playing") },
  pause() {
    const { view } = player(here)
    if (phase !== "playing" || !player(here).isFilm) return
    paused = !paused
    if (paused) { view.pause(); hush() } else view.play().then(hear)
    tell()
  },
  overview() {
    const on = root.classList.toggle("overview")
    for (const { item } of steps) {
      for (const [name, value] of [["tabindex", 0], ["role", "button"]]) {
        on ? item.setAttribute(name, value) : item.removeAttribute(name)
      }
    }
    for (const id of ["stage", "words", "hint", "bar"]) $(id).inert = on  // the overview covers them
    tellItems()
    if (on) steps[here].item.focus()
    steps[here].item.scrollIntoView({ block: "center" })
  },
  words() {
    keep({ words: !wordsShown() })
    tell()
  },
  language() { speak(codes[(codes.indexOf(language) + 1) % codes.length]) },
  sound() {
    const all = ["", ...tracks]
    track = all[(all.indexOf(track) + 1) % all.length]
    keep({ track })
    if (phase === "playing" && track) hear()
    else hush()
    tell()
    note(`${label("sound")}: ${languages[track] ?? label(track ? "sound-on" : "sound-off")}`)
  },
  black() { root.classList.toggle("black") },
  full() { document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen?.() },
  help() { $("help").open ? $("help").close() : $("help").showModal() },
  speaker: openSpeaker,
}

// -- what the page tells ----------------------------------------------------------------------------------------------

const portrait = matchMedia("(max-aspect-ratio: 1)")
const wordsShown = () => kept.words ?? portrait.matches
const still = matchMedia("(prefers-reduced-motion: reduce)")
const moving = () => {  // how a step is shown when the slides go on: whoever wants little motion sees its end, and R plays it
  if (still.matches) note(label("reduced"))
  return still.matches ? "end" : "playing"
}
const nameOf = step => `${steps.indexOf(step) + 1}. ${said(step, "header span", language)}`
let typed = "", started = null, noted = 0
function tell() {
  const step = steps[here]
  const count = typed ? `${label("go-to")} ${typed}` : `${here + 1} / ${steps.length}`
  $("count").textContent = count
  $("title").textContent = said(step, "header span", language)
  const bar = document.querySelector("progress")
  bar.max = steps.length
  bar.value = here + (phase === "start" ? 0 : 1)
  $("words").hidden = !wordsShown()
  root.classList.toggle("worded", wordsShown())
  const line = said(step, "p", language)
  if ($("words").textContent !== line) $("words").textContent = line
  $("words").lang = language
  document.querySelector("[data-do=words]").setAttribute("aria-pressed", wordsShown())
  document.querySelector("[data-do=sound]").hidden = !tracks.length
  document.querySelector("[data-do=sound]").setAttribute("aria-pressed", Boolean(track))
  tellItems()
  $("stage").dataset.phase = phase
  const place = `#${step.place.split("/").map(encodeURIComponent).join("/")}`
  try { history.replaceState(null, "", place) } catch { /* Safari takes a hundred in half a minute */ }
  keep({ place: step.place, phase: phase === "start" ? "start" : "end" })
  tellSpeaker(count)
}
function tellItems() {  // of the overview
  const on = root.classList.contains("overview")
  for (const [index, { item }] of steps.entries()) {
    index === here ? item.setAttribute("aria-current", "step") : item.removeAttribute("aria-current")
    on ? item.setAttribute("aria-label", `${nameOf(steps[index])} ${said(steps[index], "p", language)}`) : item.removeAttribute("aria-label")
  }
}
function hint(shown) {  // which keys go on, until the first one is pressed
  $("hint").hidden = !shown
  root.classList.toggle("hinting", shown)
  if (shown) $("hint").textContent = label(matchMedia("(pointer: coarse)").matches ? "hint-touch" : "hint-keys")
  else keep({ hinted: true })
}
function speak(chosen) {  // in this language from now on
  language = chosen
  keep({ language })
  root.lang = language
  for (const element of document.querySelectorAll("#steps [lang]")) element.hidden = element.lang !== language
  for (const button of document.querySelectorAll("#bar [data-do]")) {
    button.title = label(button.dataset.do)
    button.setAttribute("aria-label", label(button.dataset.do))
  }
  $("language").value = language
  $("language").setAttribute("aria-label", label("language"))
  const list = document.createElement("dl")
  for (const [name, keys] of Object.entries(HELP)) list.append(element("dt", keys), element("dd", label(name)))
  $("help").replaceChildren(element("button", label("close")), list)
  $("help").setAttribute("aria-label", label("help"))
  $("bar").setAttribute("aria-label", label("bar"))
  for (const { step, view } of players.values()) view.setAttribute(view.alt === undefined ? "aria-label" : "alt", nameOf(step))
  if (!$("hint").hidden) hint(true)
  if (here >= 0) tell()
}
function element(name, text = "", type = "", page = document) {
  const made = page.createElement(name)
  made.textContent = text
  made.className = type
  return made
}
function note(text) {
  $("note").textContent = text
  clearTimeout(noted)
  noted = setTimeout(() => $("note").replaceChildren(), 6000)
}

// -- the speaker's window: this page fills it, so that it works from a file and reads no film again ------------------

let speaker = null, parts = {}
const speakerStands = () => {  // and nobody has gone elsewhere in it, or loaded it again
  try { return !speaker.closed && speaker.document === parts.now.ownerDocument } catch { return false }
}
function openSpeaker() {
  if (speakerStands()) return speaker.focus()
  speaker?.close()
  speaker = open("", "", "popup,width=1100,height=760")
  if (!speaker) return note(label("no-window"))
  const page = speaker.document
  page.title = document.title
  page.documentElement.lang = language
  page.head.append(document.querySelector("style").cloneNode(true))
  page.body.className = "speaker"
  const make = (name, type, text) => element(name, text, type, page)
  parts = {
    count: make("b"), phase: make("span"), title: make("h1", "dim"), clock: make("span"), timer: make("button"),
    now: make("img"), said: make("div", "said"), next: make("h2"), then: make("img"), soon: make("div", "said soon"),
    foot: make("div", "foot"),
  }
  const top = make("div", "top")
  top.append(parts.count, parts.phase, parts.title, parts.timer, parts.clock)
  parts.timer.onclick = () => { started = Date.now(); tick() }
  for (const name of ["back", "forward"]) {
    const button = make("button", "", name === "back" ? "‹" : "›")
    button.dataset.do = name
    button.onclick = commands[name]
    parts.foot.append(button)
  }
  if (codes.length > 1) parts.foot.append(languageChoice(page.createElement("select")))
  for (const part of [parts.said, parts.soon]) part.tabIndex = 0  // long words are scrolled by keys, too
  const main = make("main")
  page.body.append(main)
  main.append(top, parts.now, parts.said, parts.next, parts.then, parts.soon, parts.foot)
  page.addEventListener("keydown", onKey)
  page.addEventListener("click", event => event.target.closest("button")?.blur())
  tell()
  tick()
}
function tellSpeaker(count) {
  if (!speakerStands()) return
  const [step, next] = [steps[here], steps[here + 1]]
  parts.count.textContent = count
  parts.phase.textContent = label(phase === "playing" && !paused ? "playing" : "standing")
  parts.phase.className = phase === "playing" ? "playing" : "dim"
  parts.title.textContent = said(step, "header span", language)
  parts.now.src = step.picture.src
  parts.now.alt = nameOf(step)
  parts.said.textContent = said(step, "p", language)
  parts.next.textContent = next ? `${label("then")}: ${here + 2} · ${said(next, "header span", language)}` : label("end")
  parts.then.hidden = !next
  if (next) [parts.then.src, parts.then.alt] = [next.picture.src, nameOf(next)]
  parts.soon.textContent = next ? said(next, "p", language) : ""
  parts.timer.title = label("reset")
  for (const button of speaker.document.querySelectorAll("[data-do]")) button.setAttribute("aria-label", label(button.dataset.do))
  for (const choice of speaker.document.querySelectorAll("select")) {
    choice.value = language
    choice.setAttribute("aria-label", label("language"))
  }
  speaker.document.documentElement.lang = language
}
function tick() {
  if (!speakerStands()) return
  const seconds = started === null ? 0 : Math.floor((Date.now() - started) / 1000)
  parts.timer.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
  parts.clock.textContent = new Date().toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" })
}
setInterval(tick, 500)
addEventListener("pagehide", () => speaker?.close())

// -- hands ------------------------------------------------------------------------------------------------------------

const KEYS = {
  " ": "forward", ArrowRight: "forward", ArrowDown: "forward", PageDown: "forward", Enter: "forward", n: "forward",
  ArrowLeft: "back", ArrowUp: "back", PageUp: "back", Backspace: "back",
  Home: "first", End: "last", r: "again", p: "pause", o: "overview", s: "speaker", c: "words", l: "language",
  v: "sound", b: "black", ".": "black", f: "full", h: "help", "?": "help",
}
function onKey(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const isControl = event.target.closest?.("button, select")
  if (event.ctrlKey || event.metaKey || event.altKey) return
  hint(false)
  if (key === "F5") return event.preventDefault()  // a presenter's remote begins a talk with it; here it would reload
  if (isControl && [" ", "Enter", "ArrowUp", "ArrowDown"].includes(key)) return  // it is theirs
  if ($("help").open) {  // over the audience's picture: the speaker's window closes it, too
    if (!KEYS[key] && key !== "Escape") return
    $("help").close()
  } else if (/^[0-9]$/.test(key)) {
    typed = (typed + key).slice(-4)
    tell()
  } else if (key === "Enter" && typed) {
    const index = Math.min(Math.max(Number(typed), 1), steps.length) - 1
    typed = ""
    leaveOverview()
    show(index, "end")
  } else if (key === "Escape") {
    typed = ""
    leaveOverview()
    tell()
  } else if (["Enter", " "].includes(key) && event.target.closest?.(".step")) {  // a button of the overview
    choose(event.target)
  } else if (KEYS[key]) {
    if (!["overview", "language", "full", "help"].includes(KEYS[key])) leaveOverview()
    typed = ""
    commands[KEYS[key]]()
  } else return
  event.preventDefault()
}
function leaveOverview() {
  if (root.classList.contains("overview")) commands.overview()
}
function choose(target) {  // a picture of the overview
  const index = steps.findIndex(step => step.item.contains(target))
  if (index < 0) return
  leaveOverview()
  show(index, "end")
}
function languageChoice(select) {
  for (const [code, name] of Object.entries(languages)) select.append(new Option(name, code))
  select.value = language
  select.onchange = () => { speak(select.value); select.blur() }
  return select
}
document.addEventListener("keydown", onKey)
$("steps").addEventListener("click", event => { if (root.classList.contains("overview")) choose(event.target) })
$("bar").addEventListener("click", event => {
  const button = event.target.closest("[data-do]")
  if (!button) return
  button.blur()  // before: what a dialog finds focused has it again afterwards
  commands[button.dataset.do]()
})
$("help").addEventListener("click", () => $("help").close())  // on its button, on it, beside it
let press = null
$("stage").addEventListener("pointerdown", event => { press = event })
addEventListener("pointerup", () => hint(false))
$("stage").addEventListener("pointerup", event => {
  if (!press || event.button) return
  const [right, down] = [event.clientX - press.clientX, event.clientY - press.clientY]
  press = null
  const isSwipe = Math.abs(right) > 40 && Math.abs(right) > Math.abs(down)
  if (isSwipe) commands[right < 0 ? "forward" : "back"]()
  else if (Math.hypot(right, down) < 12) commands[event.clientX < innerWidth / 4 ? "back" : "forward"]()
})
let resting = 0
const wake = () => {
  root.classList.remove("resting")
  clearTimeout(resting)
  resting = setTimeout(() => root.classList.add("resting"), 2500)
}
for (const name of ["pointermove", "pointerdown", "focusin"]) addEventListener(name, wake)
portrait.addEventListener("change", tell)

// -- begin where the address says, or where we were -------------------------------------------------------------------

const indexOf = place => steps.findIndex(step => step.place === place || step.place.startsWith(`${place}/`))
const asked = () => { try { return decodeURIComponent(location.hash.slice(1)) } catch { return "" } }
addEventListener("hashchange", () => {
  const index = indexOf(asked())
  if (asked() && index >= 0) show(index, "end")
})
languageChoice($("language")).hidden = codes.length < 2
hint(!kept.hinted)
speak(language)
wake()
const [byAddress, before] = [asked() ? indexOf(asked()) : -1, kept.place ? indexOf(kept.place) : -1]
if (byAddress >= 0) show(byAddress, byAddress === before ? kept.phase : "end")
else show(Math.max(before, 0), before < 0 ? "start" : kept.phase)
