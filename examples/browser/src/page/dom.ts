export function $<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (made instanceof HTMLButtonElement) made.type = 'button';
  made.textContent = text;
  return made;
}

/** Downloads text or bytes as a file. */
export function save(name: string, content: string | Blob): void {
  const link = element('a');
  const blob = content instanceof Blob ? content : new Blob([content], { type: 'text/plain' });
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Makes a button open the file chooser. The same file can be chosen again. */
export function onFile(input: HTMLInputElement, button: HTMLElement, use: (file: File) => void): void {
  button.onclick = () => input.click();
  input.onchange = () => {
    const [file] = input.files ?? [];
    if (file) use(file);
    input.value = '';
  };
}

/** Takes a file that is dropped anywhere on the page. @param area Is highlighted meanwhile. */
export function onDrop(area: HTMLElement, use: (file: File) => void): void {
  addEventListener('dragover', (event) => {
    event.preventDefault();
    area.classList.add('over');
  });
  addEventListener('dragleave', () => area.classList.remove('over'));
  addEventListener('drop', (event) => {
    event.preventDefault();
    area.classList.remove('over');
    const file = event.dataTransfer?.files[0];
    if (file) use(file);
  });
}
