#!/usr/bin/python3
"""page.py PAGE A B [SCREENSHOTS]: opens the page of `whittle size --html` in headless Chromium (chromedriver's W3C WebDriver
protocol, by HTTP), clicks as a person would, and prints TAP. A, B: what the kernels are called; B is - for a page of one.
Functions are compared with FILE.map of A, which lies beside the page."""
import base64, json, os, re, subprocess, sys, tempfile, time, urllib.request

page, a, b = sys.argv[1:4]
shots = sys.argv[4] if len(sys.argv) > 4 else None
points, failures = 0, 0


def point(truth, name):
    global points, failures
    points += 1
    failures += not truth
    print('%sok %d - %s' % ('' if truth else 'not ', points, name), flush=True)


driver = subprocess.Popen(['chromedriver', '--port=0'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
for line in driver.stdout:
    port = re.search(r'started successfully on port (\d+)', line)
    if port:
        break
base = 'http://127.0.0.1:%s' % port.group(1)


def ask(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, {'Content-Type': 'application/json'}, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=240) as answer:
        return json.load(answer)['value']


profile = tempfile.TemporaryDirectory()
session = None
try:
    options = {'binary': '/usr/bin/chromium', 'args': [
        '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--window-size=1280,900',
        '--user-data-dir=' + profile.name]}
    caps = {'browserName': 'chrome', 'goog:chromeOptions': options, 'goog:loggingPrefs': {'browser': 'ALL'}}
    session = '/session/' + ask('POST', '/session', {'capabilities': {'alwaysMatch': caps}})['sessionId']

    def script(text, *args):
        return ask('POST', session + '/execute/sync', {'script': text, 'args': list(args)})

    def click(css, text=None):
        """A real click, with the pointer, on the first element of @css that reads @text."""
        for found in ask('POST', session + '/elements', {'using': 'css selector', 'value': css}):
            element = next(iter(found.values()))
            if text is None or ask('GET', session + '/element/%s/text' % element).split('\n')[0] == text:
                at = ask('GET', session + '/element/%s/rect' % element)
                move = {'type': 'pointerMove', 'x': int(at['x']) + 12, 'y': int(at['y']) + 7}
                ask('POST', session + '/actions', {'actions': [{'type': 'pointer', 'id': 'mouse', 'actions': [
                    move, {'type': 'pointerDown', 'button': 0}, {'type': 'pointerUp', 'button': 0}]}]})
                return True
        return False

    def shot(name):
        if shots:
            open(os.path.join(shots, name + '.png'), 'wb').write(base64.b64decode(ask('GET', session + '/screenshot')))

    def boxes():
        return script('return [...document.querySelectorAll("#map > div:not(.inner)")].map(e => e.dataset.name)')

    def where():
        return script('return document.getElementById("path").textContent')

    def rows():
        return script('return [...document.querySelectorAll("#table tr")].slice(1).map(r => [...r.children].map(c => c.textContent))')

    ask('POST', session + '/url', {'url': 'file://' + os.path.abspath(page)})
    script('location.hash = ""')
    two = b != '-'
    if two:
        point(script('return document.querySelector("#views .on").textContent') == 'what differs', 'two kernels: it begins with what differs')
        point(all(r[3] not in ('', '±0') for r in rows()), 'and lists only that')
        shot('two-differs')
        point(click('#views button', a), 'the first kernel can be chosen')
    floors = boxes()
    point({'net', 'fs', 'core', 'mm', 'arch', 'abi'} <= set(floors), 'a box for each floor: %s' % ', '.join(floors))
    area = script('''const m = document.getElementById("map");
        return [...document.querySelectorAll("#map > div:not(.inner)")].reduce((s, e) => s + e.offsetWidth * e.offsetHeight, 0) /
            (m.clientWidth * m.clientHeight)''')
    point(0.97 < area < 1.03, 'the boxes fill the map (%.3f of it)' % area)
    share = {r[0]: int(r[1].replace(',', '')) for r in rows()}
    net = script('const e = document.querySelector("#map > [data-name=net]"), m = document.getElementById("map");'
                 'return e.offsetWidth * e.offsetHeight / (m.clientWidth * m.clientHeight)')
    point(abs(net - share['net'] / sum(share.values())) < 0.02, "a box's area is its share of the bytes")
    shot('floors')
    point(click('#map > .group', 'net'), 'a floor can be clicked')
    point(where().startswith('kernel / net: '), 'it zooms in: %s' % where())
    point('lwip' in boxes() and 'net' not in boxes(), 'to its components')
    shot('components')
    point(click('#table td', 'lwip') and where().startswith('kernel / net / lwip: '), 'a row of the table zooms in, too: %s' % where())
    functions = {r[0]: int(r[1].replace(',', '')) for r in rows()}
    told, inside = {}, False
    for line in open(os.path.join(os.path.dirname(page), a + '.map')):
        part = line.rstrip('\n').split('\t')
        if part[0] == 'component':
            inside = part[1] == 'lwip'
        if inside and part[0] == 'section' and part[1].startswith('.text.') and part[4] == 'text':
            name = part[1][6:].split('.')[0]
            told[name] = told.get(name, 0) + int(part[2])
    big = sorted(told, key=told.get)[-20:]
    point(big and all(functions.get(f, 0) >= told[f] for f in big), 'functions have the bytes that the map gives them')
    shot('functions')
    script('document.querySelector("#map > div").dispatchEvent(new MouseEvent("mousemove", '
           '{bubbles: true, clientX: 200, clientY: 300}))')
    tip = script('const t = document.getElementById("tip"); return t.style.display === "block" ? t.textContent : ""')
    point(re.search(r': [\d,]+ bytes', tip), 'a box says what it is: %s' % tip)
    point(click('#path a', 'net') and where().startswith('kernel / net: '), 'the path zooms out by one: %s' % where())
    point(click('#path a', 'kernel') and set(boxes()) == set(floors), 'and to the whole kernel')
    if two:
        point(click('#views button', b), 'the other kernel can be chosen')
        other = {r[0]: r[2] for r in rows()}
        point(set(boxes()) == {n for n, size in other.items() if size != '0'}, 'it shows what that one holds')
        shot('other')
        click('#views button', 'what differs')
        colors = script('return [...new Set([...document.querySelectorAll("#map div")].map(e => e.style.background))].length')
        point(colors >= 2, 'colours tell what is only in one of them')
    asked = script('return performance.getEntriesByType("resource").length')
    point(asked == 0, 'the page fetched nothing')
    log = [m['message'] for m in ask('POST', session + '/se/log', {'type': 'browser'}) if m['level'] == 'SEVERE']
    point(not log, 'nothing went wrong in it%s' % (': %s' % log if log else ''))
finally:
    if session:
        try:
            ask('DELETE', session)
        except OSError:
            pass
    driver.terminate()
    driver.wait()
print('1..%d' % points)
sys.exit(1 if failures else 0)
