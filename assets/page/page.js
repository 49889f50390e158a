// What the page does: the transcript follows the film, and a run's numbers follow the slider. Without it there are a
// video and a text. It asks nobody for anything but files beside the page.
"use strict"

const root = document.documentElement
const $ = id => document.querySelector(`[id="${id}"]:not([data-start])`)  // a scene or a beat may be called so, too
const given = JSON.parse($("given").textContent)
const all = selector => [...document.querySelectorAll(selector)]
const word = (key, values = {}) =>
  Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), given.words[language][key])

const decoded = text => { try { return decodeURIComponent(text) } catch { return "" } }  // "50%" names no place

// -- what is remembered: the language and the theme ---------------------------------------------------------------

let language = remembered("language", Object.keys(given.words)) ?? root.lang
let theme = remembered("theme", ["dark", "light"]) ?? root.dataset.theme

function remembered(key, known) {
  try {
    const value = localStorage.getItem(`gradreel-${key}`)
    return known.includes(value) ? value : null
  } catch { return null }  // a browser that keeps nothing
}

function remember(key, value) {
  try { localStorage.setItem(`gradreel-${key}`, value) } catch { /* then it is not kept */ }
}

function showLanguage() {
  root.lang = language
  for (const part of all("[data-word]")) part.textContent = word(part.dataset.word)
  for (const part of all("[data-label]")) part.setAttribute("aria-label", word(part.dataset.label))
  for (const text of new Set(all("[data-lang]").map(part => part.parentElement))) {
    const parts = [...text.children].filter(part => part.dataset.lang)
    const shown = parts.find(part => part.dataset.lang === language) ?? parts[0]
    for (const part of parts) part.hidden = part !== shown
  }
  for (const scene of all(".scene")) scene.setAttribute("aria-label", scene.querySelector("h3").innerText.trim())
  document.title = given.title[language]
}

function showTheme() {
  root.dataset.theme = theme
  $("theme").setAttribute("aria-pressed", String(theme === "light"))
}

// -- the film and its transcript ----------------------------------------------------------------------------------

const film = $("film")
const START = 0.01  // seconds into a beat, so that its first frame is shown and not the last of the one before
const LEFT_ALONE = 5000  // milliseconds for which the transcript stays where a reader has moved it

function followFilm() {
  const beats = all(".beat").map(row => ({ row, link: row.querySelector("a"), start: Number(row.dataset.start) }))
  const lines = $("lines")
  let now = -1
  let moved = -LEFT_ALONE

  const at = seconds => beats.findLastIndex(beat => beat.start <= seconds + START / 2)

  function seek(seconds) {
    film.currentTime = seconds + START
    moved = -LEFT_ALONE
    follow(seconds + START)
  }

  function follow(seconds) {
    const found = at(seconds)
    if (found === now) return
    beats[now]?.link.removeAttribute("aria-current")
    now = found
    const beat = beats[now]
    if (!beat) return
    beat.link.setAttribute("aria-current", "true")
    showRunOf(beat.row.closest(".scene"))
    if (performance.now() - moved < LEFT_ALONE) return
    const away = beat.row.getBoundingClientRect().top - lines.getBoundingClientRect().top
    lines.scrollTop += away - lines.clientHeight / 3
  }

  function showRunOf(scene) {
    const run = scene.querySelector('a[href^="#run:"]')
    if (!$("touch-here")) return
    $("touch-here").hidden = !run
    if (run) $("touch-here").href = run.getAttribute("href")
  }

  function goTo(hash) {
    const place = placeOf(decoded(hash.slice(1)))
    if (!place) return false
    seek(Number(place.dataset.start))
    film.scrollIntoView({ block: "nearest" })  // the browser has gone to the line, which may lie below the film
    return true
  }

  // A beat's name may carry an outcome, which other data change: "walk" is "walk-valley", too.
  function placeOf(name) {
    const places = all("[data-start]")
    return places.find(({ id }) => id === name) ?? places.find(({ id }) => name.includes("/") && id.startsWith(`${name}-`))
  }

  function step(by) {
    const start = beats[Math.max(now, 0)].start
    const again = by < 0 && film.currentTime - start > 1.5  // back to where this beat began, then to the one before
    const next = beats[Math.max(0, Math.min(beats.length - 1, again ? now : now + by))]
    seek(next.start)
  }

  function search() {
    const wanted = $("search").value.trim().toLocaleLowerCase()
    let count = 0
    for (const { row } of beats) {
      row.hidden = wanted !== "" && !matches(row, wanted)
      if (!row.hidden) count += 1
    }
    for (const scene of all(".scene")) scene.hidden = !scene.querySelector(".beat:not([hidden])")
    $("found").textContent = wanted === "" ? "" : word("found", { count })
  }

  // Of the row's languages the one that is read now.
  function matches(row, wanted) {
    const said = [...row.querySelectorAll("[data-lang]")].find(part => !part.hidden)
    return (said ?? row).textContent.toLocaleLowerCase().includes(wanted)
  }

  document.addEventListener("click", event => {
    const link = event.target.closest('a[href^="#"]')
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !goTo(link.hash)) return
    event.preventDefault()
    history.pushState(null, "", link.hash)
  })
  addEventListener("hashchange", () => goTo(location.hash))
  addEventListener("popstate", () => goTo(location.hash))
  film.addEventListener("timeupdate", () => follow(film.currentTime))
  film.addEventListener("seeking", () => follow(film.currentTime))
  for (const kind of ["wheel", "touchmove", "keydown"]) {
    lines.addEventListener(kind, () => { moved = performance.now() }, { passive: true })
  }
  $("previous").addEventListener("click", () => step(-1))
  $("next").addEventListener("click", () => step(1))
  $("speed").addEventListener("change", () => { film.playbackRate = Number($("speed").value) })
  $("search").addEventListener("input", search)
  document.querySelector("form[role=search]").addEventListener("submit", event => event.preventDefault())
  new ResizeObserver(() => root.style.setProperty("--film-height", `${film.closest("section").offsetHeight}px`))
    .observe(film.closest("section"))
  if (!goTo(location.hash)) follow(0)
  addEventListener("load", () => goTo(location.hash))
  return { search }
}

/* The film has the sound of one language; that of another is a file in step with it, and the film is silent then. */
function followVoices() {
  const voices = all("audio[data-voice]")
  const APART = 0.15  // seconds that they may be apart
  let voice = null

  function inStep() {
    if (!voice) return
    if (!film.muted) {  // the viewer turned the sound on, or off; louder or softer: on
      voice.muted = film.volume === voice.volume && !voice.muted
      film.muted = true
    }
    voice.volume = film.volume
    voice.playbackRate = film.playbackRate
    if (Math.abs(voice.currentTime - film.currentTime) > APART) voice.currentTime = film.currentTime
    if (film.paused || film.ended) voice.pause()
    else if (voice.paused && film.currentTime < (voice.duration || Infinity)) voice.play().catch(() => {})
  }

  function choose() {
    const wanted = voices.find(one => one.dataset.voice === language) ?? null
    if (wanted === voice) return
    voice?.pause()
    const silent = voice ? voice.muted : film.muted
    voice = wanted
    film.muted = voice ? true : silent
    if (voice) voice.muted = silent
    inStep()
  }

  for (const kind of ["play", "pause", "seeking", "timeupdate", "ratechange", "volumechange", "ended"]) {
    film.addEventListener(kind, inStep)
  }
  choose()
  return { choose }
}

function showCaptions() {
  const tracks = [...film.textTracks]
  if (tracks.some(track => track.mode === "showing")) {
    for (const track of tracks) track.mode = track.language === language ? "showing" : "disabled"
  }
}

// -- a recorded run to touch --------------------------------------------------------------------------------------

const STATE_MILLISECONDS = 90  // for which a state is shown while the run plays

/* The numbers of runs, by id: those in the page, or from a file beside it, which calls this. */
const arrived = {}
globalThis.recordedRun = (id, numbers) => { arrived[id] = numbers }

function numbersOf(id) {
  const inside = $(`numbers-${id}`)
  if (inside) arrived[id] ??= JSON.parse(inside.textContent)
  if (arrived[id]) return Promise.resolve(arrived[id])
  return new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = `run-${id}.js`
    script.onload = () => arrived[id] ? resolve(arrived[id]) : reject(new Error(script.src))
    script.onerror = () => reject(new Error(script.src))
    document.body.append(script)
  })
}

/* An array of float32: its row k by `row(k)`. */
function unpacked({ shape, data }) {
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0))
  const values = new Float32Array(bytes.buffer)
  const width = shape.slice(1).reduce((product, size) => product * size, 1)
  return { values, row: k => values.subarray(k * width, (k + 1) * width) }
}

/* A run as it is shown: its arrays unpacked, its main loss (over all examples, where a batch has only some). */
function asShown(id, numbers) {
  const main = numbers.losses.whole ? "whole" : "batch"
  return {
    id,
    kept: numbers.kept,
    numbers,
    main,
    theta: unpacked(numbers.theta),
    losses: Object.fromEntries(Object.entries(numbers.losses).map(([name, packed]) => [name, unpacked(packed).values])),
    lines: numbers.lines.map(({ name, x, y }) => ({ name, x, y: unpacked(y).values })),
    logged: numbers.logged.map(({ name, rate, x, y, at }) => ({ key: `${rate}:${name}`, name, rate, x, y: unpacked(y).values, at: unpacked(at).values })),
    prediction: numbers.prediction && {
      ...numbers.prediction,
      x: Array.isArray(numbers.prediction.x) ? numbers.prediction.x : unpacked(numbers.prediction.x).values,
      y: unpacked(numbers.prediction.y),
      target: unpacked(numbers.prediction.target).values,
    },
    map: numbers.map && { ...numbers.map, path: unpacked(numbers.map.path) },
  }
}

function touchRuns() {
  const slider = $("update")
  const place = figure => $(`figure-${figure}`)  // it has Bokeh's document as `bokeh`, once it is drawn
  let a = null
  let b = null
  let ready = false  // all that `show` fills is drawn
  let playing = null
  let last = Promise.resolve()  // one after the other: nothing is drawn twice
  const next = step => (last = last.then(step, step))

  const title = run => given.runs.find(known => known.id === run.id).name
  const kept = run => run.kept.findLastIndex(update => update <= a.kept[slider.value])  // the state reached by then
  const source = (figure, name) => place(figure).bokeh.get_model_by_name(name)
  const fill = (figure, name, data) => { source(figure, name).data = data }
  const range = (figure, name, [start, end]) => Object.assign(source(figure, name), { start, end })

  async function draw(figure) {
    if (place(figure).bokeh) return
    place(figure).replaceChildren()
    const views = await Bokeh.embed.embed_item(given.figures[theme][figure], place(figure))
    place(figure).bokeh = views.roots[0].model.document
  }

  function drawNothing() {
    for (const figure of Object.keys(given.figures[theme])) {
      place(figure).bokeh?.clear()
      place(figure).bokeh = null
    }
  }

  const choose = (first, second) => next(() => chosen(first, second))

  async function chosen(first, second) {
    try {
      const [one, other] = await Promise.all([first, second].map(id => id ? numbersOf(id).then(of => asShown(id, of)) : null))
      ;[a, b] = [one, other]
      $("problem").hidden = true
    } catch (error) {
      $("problem").textContent = word("missing", { file: error.message })
      $("problem").hidden = false
      return
    }
    $("run-a").value = a.id
    for (const option of $("run-b").options) option.hidden = option.disabled = option.value !== "" && !alike(option.value)
    $("run-b").value = b?.id ?? ""
    slider.max = a.kept.length - 1
    slider.value = Math.min(slider.value, slider.max)
    await frame()
  }

  const about = id => given.runs.find(run => run.id === id).about
  const alike = id => id !== a.id && about(id) === about(a.id)  // what they are to learn is the same

  /* All that stays the same while the slider moves, and then what moves. */
  async function frame() {
    ready = false
    const prediction = a.prediction
    const others = [a, ...(b ? [b] : [])]
    const maps = others.flatMap((run, column) => run.map ? [`map-${"ab"[column]}`] : [])
    chooseLogged()
    const charts = [lossesOf(others).figure, ...(series(a) ? [loggedOf(others).figure] : [])]
    await Promise.all([...(prediction ? [prediction.kind] : []), ...charts, ...maps].map(draw))
    $("prediction").hidden = !prediction
    $("figure-curve").hidden = prediction?.kind !== "curve"
    $("figure-days").hidden = prediction?.kind !== "days"
    for (const part of all(".with-b")) part.hidden = !b
    for (const part of all(".with-days")) part.hidden = prediction?.kind !== "days"
    for (const [letter, run] of [["a", a], ["b", b]]) {
      for (const part of all(`.name-${letter}`)) part.textContent = run ? title(run) : ""
      for (const part of all(`.with-map-${letter}`)) part.hidden = !run?.map
    }
    if (prediction) {
      const { kind, x, target } = prediction
      const ranges = others.map(run => run.prediction.range)
      range(kind, "x-range", [x[0], x[x.length - 1]])
      range(kind, "y-range", [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))])
      fill(kind, "target", { x, y: target })
      if (kind === "days") {
        const testFrom = Date.parse(prediction.test_from) - 43_200_000
        fill(kind, "unseen", { x0: [Math.max(testFrom, x[0])], x1: [x[x.length - 1]] })
        $("data").textContent = prediction.data
      }
    }
    frameLosses(others)
    frameLogged(others)
    others.forEach((run, column) => run.map && frameMap(run, "ab"[column]))
    const { updates, states } = a.numbers
    $("thinned").textContent = [
      word(a.kept.length < states ? "thinned" : "all-states", { shown: count(a.kept.length), states: count(states), updates: count(updates) }),
      a.numbers.parameters > a.numbers.names.length
        ? word("some-entries", { shown: count(a.numbers.names.length), all: count(a.numbers.parameters) }) : "",
      word("rounded"),
    ].join(" ")
    rows()
    ready = true
    show()
  }

  const lossesOf = others => chart("loss", others.flatMap(run => run.lines))
  const loggedOf = others => chart("logged", others.map(series).filter(Boolean))

  /* The ends of the values on the lines, and the figure that shows them: logarithmic if chosen and possible. */
  function chart(kind, lines) {
    const values = lines.flatMap(line => Array.from(line.y)).filter(Number.isFinite)
    const low = values.reduce((a, b) => Math.min(a, b), Infinity)
    const high = values.reduce((a, b) => Math.max(a, b), -Infinity)
    const scale = $("scale").value
    const logarithmic = low > 0 && (scale === "log" || scale === "auto" && high > 20 * low)
    return { low, high, logarithmic, figure: logarithmic ? `${kind}-log` : kind }
  }

  /* Shows the figure that `chart` chose, with the ranges of its axes. */
  function frameChart(kind, { low, high, logarithmic, figure: name }, others) {
    $(`figure-${kind}`).hidden = logarithmic
    $(`figure-${kind}-log`).hidden = !logarithmic
    const margin = logarithmic ? Math.pow(high / low, 0.06) || 1.1 : 0.06 * (high - low || Math.abs(high) || 1)
    range(name, "x-range", [0, Math.max(...others.map(run => run.numbers.updates))])
    range(name, "y-range", logarithmic ? [low / margin, high * margin] : [low - margin, high + margin])
  }

  /* The mean of the last points that are drawn of a line, as many as chosen; NaN stays a gap. */
  function smoothed({ x, y }) {
    const count = Number($("smoothing").value)
    if (!count) return { x, y }
    const known = []
    return { x, y: Array.from(y, value => {
      if (!Number.isFinite(value)) return NaN
      known.push(value)
      const last = known.slice(-count)
      return last.reduce((a, b) => a + b) / last.length
    }) }
  }

  const loggedName = line => line.rate ? word("rate") + (line.rate > 1 ? ` ${line.rate}` : "") : line.name
  const series = run => run?.logged.find(line => line.key === $("logged-series").value)

  /* The choice of what the loop logged besides the loss: all that run A has. What was chosen before stays. */
  function chooseLogged() {
    const select = $("logged-series")
    const before = select.value
    select.replaceChildren(...a.logged.map(line => new Option(loggedName(line), line.key)))
    if (a.logged.some(line => line.key === before)) select.value = before
    $("logged-choice").hidden = $("logged").hidden = !a.logged.length
  }

  function frameLogged(others) {
    const line = series(a)
    if (!line) return
    const shape = loggedOf(others)
    $("logged").hidden = !(shape.low <= shape.high)  // no value is a number
    if ($("logged").hidden) return
    frameChart("logged", shape, others)
    $("logged-name").textContent = loggedName(line)
    const raw = Number($("smoothing").value) ? line : { x: [], y: [] }
    fill(shape.figure, "batch", { x: raw.x, y: raw.y })
    fill(shape.figure, "a", smoothed(line))
    fill(shape.figure, "b", smoothed(series(b) ?? { x: [], y: [] }))
  }

  function frameLosses(others) {
    const shape = lossesOf(others)
    const name = shape.figure
    $("losses").hidden = !(shape.low <= shape.high)  // no loss is a number
    if ($("losses").hidden) return
    frameChart("loss", shape, others)
    const of = (run, wanted) => {
      const { x, y } = run?.lines.find(line => line.name === wanted) ?? { x: [], y: [] }
      return { x, y }
    }
    const another = a.lines.find(line => !["batch", "whole"].includes(line.name))
    const pale = a.main === "whole" || Number($("smoothing").value) > 0
    fill(name, "a", smoothed(of(a, a.main)))
    fill(name, "b", smoothed(of(b, b?.main)))
    fill(name, "batch", pale ? of(a, "batch") : { x: [], y: [] })
    fill(name, "unseen", of(a, another?.name))
    for (const part of all(".with-batch")) part.hidden = !pale
    for (const part of all(".with-unseen")) part.hidden = !another
    $("unseen-name").textContent = another?.name === "test" ? word("loss-unseen") : another?.name ?? ""
  }

  function frameMap(run, letter) {
    const { u, v, bands, path, share, computed } = run.map
    const figure = `map-${letter}`
    range(figure, "x-range", u)
    range(figure, "y-range", v)
    const colours = given.bands[theme]
    const shade = k => colours[Math.round((k + 1) / bands.levels.length * colours.length) - 1]
    fill(figure, "bands", bands ? { xs: bands.xs, ys: bands.ys, fill: bands.levels.map((_, k) => shade(k)) } : { xs: [], ys: [], fill: [] })
    fill(figure, "whole", points(path, 0, run.kept.length - 1))
    fill(figure, "start", points(path, 0, 0))
    const known = word(!bands ? "map-plain" : computed ? "map-computed" : "map-loss")
    $(`share-${letter}`).textContent = `${known} ${share < 0.9995 ? word("map-share", { share: (100 * share).toFixed(1) }) : ""}`
  }

  function points(path, first, last) {
    const places = Array.from({ length: last - first + 1 }, (_, k) => path.row(first + k))
    return { x: places.map(spot => spot[0]), y: places.map(spot => spot[1]) }
  }

  /* The rows of the table, without the numbers. */
  function rows() {
    const row = (name, index, role) => {
      const made = document.createElement("tr")
      const head = document.createElement("th")
      head.scope = "row"
      head.className = role
      head.textContent = name
      if (index) head.append(Object.assign(document.createElement("sub"), { textContent: index }))
      made.append(head, document.createElement("td"), ...(b ? [document.createElement("td")] : []))
      return made
    }
    const losses = Object.keys(a.losses).map(name => row(word(a.main === "batch" && name === "batch" ? "loss" : `loss-${name}`), "", ""))
    $("loss-rows").replaceChildren(row(word("updates-made"), "", ""), ...losses)
    $("logged-rows").replaceChildren(...a.logged.map(line => row(loggedName(line), "", "")))
    $("theta-rows").replaceChildren(...a.numbers.names.map(({ name, index, role }) => row(name, index, role)))
  }

  /* All that moves with the slider. */
  function show() {
    if (!ready) return
    const states = [a, b].map(run => run && kept(run))
    ;[a, b].forEach((run, column) => run && showState(run, states[column], "ab"[column]))
    const [k] = states
    const loss = a.losses[a.main][k]
    const said = word("where", { update: count(a.kept[k]), updates: count(a.numbers.updates) })
    $("where").textContent = said
    slider.setAttribute("aria-valuetext", `${said}, ${word("loss")} ${written(loss)}`)
  }

  function showState(run, k, letter) {
    if (run.prediction) fill(a.prediction.kind, letter, { x: run.prediction.x, y: run.prediction.y.row(k) })
    if (!$("losses").hidden) {
      const figure = $("figure-loss").hidden ? "loss-log" : "loss"
      const loss = run.losses[run.main][k]
      const at = (run.main === "batch" ? run.numbers.measured : run.kept)[k]
      fill(figure, `at-${letter}`, Number.isFinite(loss) ? { x: [at], y: [loss] } : { x: [], y: [] })
    }
    const line = series(run)
    if (line && !$("logged").hidden) {
      const figure = $("figure-logged").hidden ? "logged-log" : "logged"
      const value = line.at[k]
      fill(figure, `at-${letter}`, Number.isFinite(value) ? { x: [run.kept[k]], y: [value] } : { x: [], y: [] })
    }
    if (run.map) {
      fill(`map-${letter}`, "path", points(run.map.path, 0, k))
      fill(`map-${letter}`, "at", points(run.map.path, k, k))
    }
    const column = letter === "a" ? 1 : 2
    const numbers = [count(run.kept[k]), ...Object.keys(a.losses).map(name => run.losses[name] ? written(run.losses[name][k]) : "–")]
    const same = JSON.stringify(run.numbers.names) === JSON.stringify(a.numbers.names)  // else its entries are others
    const theta = same ? run.theta.row(k) : []
    ;[...$("loss-rows").rows].forEach((row, line) => { row.cells[column].textContent = numbers[line] })
    const logged = a.logged.map(({ key }) => run.logged.find(line => line.key === key)?.at[k] ?? NaN)
    ;[...$("logged-rows").rows].forEach((row, line) => { row.cells[column].textContent = Number.isNaN(logged[line]) ? "–" : written(logged[line]) })
    ;[...$("theta-rows").rows].forEach((row, line) => { row.cells[column].textContent = line < theta.length ? written(theta[line]) : "–" })
  }

  function move(by) {
    slider.value = Number(slider.value) + by
    show()
  }

  function play(on) {
    clearInterval(playing)
    playing = null
    if (on) {
      if (slider.value === slider.max) slider.value = 0
      playing = setInterval(() => slider.value === slider.max ? play(false) : move(1), STATE_MILLISECONDS)
    }
    $("play").dataset.word = on ? "pause" : "play"
    $("play").textContent = word($("play").dataset.word)
  }

  function goTo(hash) {
    const scene = decoded(hash).replace(/^#run:/, "")
    const run = hash.startsWith("#run:") && given.runs.find(known => known.scenes.includes(scene))
    if (run) {
      choose(run.id, "")
      $("touch").scrollIntoView()
    }
  }

  $("play").addEventListener("click", () => play(playing === null))
  $("back").addEventListener("click", () => move(-1))
  $("forward").addEventListener("click", () => move(1))
  slider.addEventListener("input", show)
  $("run-a").addEventListener("change", () => choose($("run-a").value, b && about($("run-a").value) === about(b.id) && b.id !== $("run-a").value ? b.id : ""))
  for (const id of ["logged-series", "smoothing", "scale"]) $(id).addEventListener("change", () => next(frame))
  $("run-b").addEventListener("change", () => choose(a.id, $("run-b").value))
  addEventListener("hashchange", () => goTo(location.hash))
  document.addEventListener("click", event => {  // on the link to where we are: the address does not change
    const link = event.target.closest('a[href^="#run:"]')
    if (link?.hash === location.hash) goTo(link.hash)
  })
  choose(given.runs[0].id, given.beside).then(() => goTo(location.hash))
  const again = () => next(() => a && frame())
  return { again, drawn: () => next(drawNothing).then(again) }
}

const count = number => String(number).replace(/\B(?=(\d{3})+$)/g, "\u2009")

function written(number) {
  if (Number.isNaN(number)) return "–"
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞"
  return number.toPrecision(6).replaceAll("-", "−")
}

// -- all of it ----------------------------------------------------------------------------------------------------

root.classList.add("scripted")
showLanguage()
showTheme()
const transcript = film ? followFilm() : null
const voices = film ? followVoices() : null
const runs = given.runs.length ? touchRuns() : null
if (film) film.addEventListener("loadedmetadata", showCaptions, { once: true })
if ($("language")) {
  $("language").value = language
  $("language").addEventListener("change", () => {
    language = $("language").value
    remember("language", language)
    showLanguage()
    if (film) showCaptions()
    transcript?.search()
    voices?.choose()
    runs?.again()
  })
}
$("theme").addEventListener("click", () => {
  theme = theme === "light" ? "dark" : "light"
  remember("theme", theme)
  showTheme()
  runs?.drawn()
})
