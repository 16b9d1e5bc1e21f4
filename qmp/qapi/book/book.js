/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Search over everything that has an anchor, and the place in the contents. */
'use strict';
(function () {
  const box = document.getElementById('search');
  const found = document.getElementById('found');
  const contents = document.getElementById('contents');
  const menu = document.getElementById('menu');
  const side = document.querySelector('nav');
  const LIMIT = 60;
  let items = null;
  let chosen = -1;

  function entryItem(article) {
    const about = article.querySelector('p');
    return { name: article.dataset.name, kind: article.dataset.kind, anchor: article.id,
             about: about ? about.textContent : '', whole: true };
  }

  function rowItem(row) {
    const article = row.closest('article');
    const about = row.querySelector('td:last-child');
    return { name: row.dataset.name, kind: row.dataset.kind + ' of ' + article.dataset.name,
             anchor: row.id, about: about.textContent, whole: false };
  }

  /* On a narrow screen the side covers the text: it goes when something was chosen. */
  function leaveSide() {
    side.classList.remove('open');
    if (getComputedStyle(menu).display !== 'none') {
      box.value = '';
      show();
    }
  }

  /* Made when it is first needed: the page is there before. */
  function allItems() {
    if (!items) {
      items = [...document.querySelectorAll('article')].map(entryItem).concat(
        [...document.querySelectorAll('tr[data-name]')].map(rowItem));
      for (const item of items) {
        item.low = item.name.toLowerCase();
        item.text = (item.kind + ' ' + item.about).toLowerCase();
      }
    }
    return items;
  }

  /* How badly one word fits an item; -1 if it does not. */
  function distance(item, word) {
    const at = item.low.indexOf(word);
    if (item.low === word) return 0;
    if (at === 0) return 1;
    if (at > 0) return /[-_.]/.test(item.low[at - 1]) ? 2 : 3;
    return item.text.includes(word) ? 6 : -1;
  }

  function search(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = [];
    for (const item of allItems()) {
      const each = words.map(word => distance(item, word));
      if (each.includes(-1)) continue;
      const badness = each.reduce((a, b) => a + b, 0) * 4 + (item.whole ? 0 : 3);
      hits.push({ item, badness });
    }
    hits.sort((a, b) => a.badness - b.badness || a.item.low.length - b.item.low.length ||
                        (a.item.low < b.item.low ? -1 : 1));
    return { words, hits: hits.map(hit => hit.item) };
  }

  /* text with the words marked, as nodes: nothing of it is read as HTML. */
  function marked(parent, text, words) {
    const low = text.toLowerCase();
    let at = 0;
    while (at < text.length) {
      let next = text.length, length = 0;
      for (const word of words) {
        const place = low.indexOf(word, at);
        if (place >= 0 && place < next) { next = place; length = word.length; }
      }
      parent.append(text.slice(at, next));
      if (length) {
        const mark = document.createElement('mark');
        mark.textContent = text.slice(next, next + length);
        parent.append(mark);
      }
      at = next + length;
    }
  }

  function result(item, words) {
    const link = document.createElement('a');
    const name = document.createElement('span');
    const small = document.createElement('small');
    link.href = '#' + encodeURIComponent(item.anchor);
    name.className = 'name';
    marked(name, item.name, words);
    const about = item.about.replace(/\s+/g, ' ').trim();
    marked(small, item.kind + ': ' + (about.length > 90 ? about.slice(0, 90) + '…' : about), words);
    link.append(name, small);
    link.addEventListener('click', leaveSide);
    return link;
  }

  function show() {
    const query = box.value.trim();
    found.replaceChildren();
    chosen = -1;
    found.hidden = !query;
    contents.hidden = !!query;
    if (!query) return;
    const { words, hits } = search(query);
    const count = document.createElement('p');
    count.className = 'soft';
    count.textContent = hits.length === 0 ? 'Nothing has that name or text.' :
      hits.length > LIMIT ? `The best ${LIMIT} of ${hits.length}` : `${hits.length} found`;
    found.append(count, ...hits.slice(0, LIMIT).map(item => result(item, words)));
    choose(0);
  }

  function choose(index) {
    const links = found.querySelectorAll('a');
    if (!links.length) return;
    if (chosen >= 0 && links[chosen]) links[chosen].classList.remove('chosen');
    chosen = Math.max(0, Math.min(index, links.length - 1));
    links[chosen].classList.add('chosen');
    links[chosen].scrollIntoView({ block: 'nearest' });
  }

  function keyInBox(event) {
    const links = found.querySelectorAll('a');
    if (event.key === 'ArrowDown') choose(chosen + 1);
    else if (event.key === 'ArrowUp') choose(chosen - 1);
    else if (event.key === 'Enter' && links[chosen]) { links[chosen].click(); box.blur(); }
    else if (event.key === 'Escape') { box.value = ''; show(); box.blur(); }
    else return;
    event.preventDefault();
  }

  function keyAnywhere(event) {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key !== '/' || typing || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    box.focus();
    box.select();
  }

  /* Opens the contents where the reader has gone, and marks the place. */
  function here() {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    const article = target && (target.closest('article') || target);
    contents.querySelectorAll('a.here').forEach(link => link.classList.remove('here'));
    if (!article) return;
    const link = contents.querySelector(`a[href="#${CSS.escape(article.id)}"]`) ||
      [...contents.querySelectorAll('a')].find(a => a.getAttribute('href') === '#' + article.id);
    if (!link) return;
    link.classList.add('here');
    for (let up = link.closest('details'); up; up = up.parentElement.closest('details'))
      up.open = true;
    link.scrollIntoView({ block: 'nearest' });
  }

  box.addEventListener('input', show);
  box.addEventListener('keydown', keyInBox);
  document.addEventListener('keydown', keyAnywhere);
  menu.addEventListener('click', () => side.classList.toggle('open'));
  contents.addEventListener('click', event => {
    if (event.target.closest('a')) leaveSide();
  });
  window.addEventListener('hashchange', here);
  here();
})();
