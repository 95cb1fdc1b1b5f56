// Which metrics are drawn: those that the case names to begin with, any other by choice.

import { useState } from 'preact/hooks';
import type { Choice } from './metric-charts.ts';

const MOST_SHOWN = 60;

export function MetricPicker({
  choices,
  shown,
  onToggle,
}: {
  choices: Choice[];
  shown: ReadonlySet<string>;
  onToggle(choice: Choice): void;
}) {
  const [words, setWords] = useState('');
  if (choices.length === 0) return null;
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = choices.filter(({ id }) => wanted.every((word) => id.toLowerCase().includes(word)));
  return (
    <details class="picker">
      <summary>Metrics ({choices.length})</summary>
      <div class="picker-panel">
        <input
          type="search"
          placeholder="find a metric"
          aria-label="Find a metric"
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <ul>
          {found.slice(0, MOST_SHOWN).map((choice) => (
            <li key={choice.id}>
              <label>
                <input type="checkbox" checked={shown.has(choice.id)} onChange={() => onToggle(choice)} />
                <span class="muted">{choice.service}</span> {choice.metric}
              </label>
            </li>
          ))}
        </ul>
        {found.length > MOST_SHOWN ? (
          <p class="muted">and {found.length - MOST_SHOWN} more: type to find them</p>
        ) : null}
      </div>
    </details>
  );
}
