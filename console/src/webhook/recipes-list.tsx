import { Link } from '@tanstack/react-router';
import { RECIPES } from '../condition/recipes.js';
import { LinkButton } from '../parts/button.js';
import { Icon } from '../parts/icon.js';
import { NotAllowed } from '../parts/not-allowed.js';
import { Card } from '../parts/page.js';
import { useTripline } from '../session.js';
import './recipes-list.css';

/** In place of the overview while there is nothing to see: five webhooks to begin with. */
export function RecipesList() {
  const { can } = useTripline();
  if (!can('webhooks:manage')) {
    return (
      <Card title="No webhooks yet">
        <NotAllowed title="This key may look, but not make webhooks." scope="webhooks:manage" />
      </Card>
    );
  }
  return (
    <Card
      title="Make your first webhook"
      actions={
        <LinkButton kind="quiet" to="/webhooks/new">
          Begin with an empty one
        </LinkButton>
      }
    >
      <div className="stack">
        <p>
          A webhook watches one metric of your vehicles and tells your server when its condition holds. Choose what it
          is to tell you; everything can be changed before it is made.
        </p>
        <ul className="recipes">
          {RECIPES.map(({ id, title, sentence }) => (
            <li key={id}>
              <Link to="/webhooks/new" search={{ from: id }} className="recipe">
                <span>
                  <strong>{title}</strong>
                  <span>{sentence}</span>
                </span>
                <Icon name="arrow" />
              </Link>
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
}
