// Copies of recordings that browsers can play.

export { makePreview, type Preview } from './make-preview.ts';
